//===- Decimal.cpp - Numbers as decimal text, exactly --------------------===//
//
// Without the C library's functions, which depend on a locale and are not
// there in the browser. Printing is free-format Dragon4 (Steele and White
// 1990; Burger and Dybvig 1996): the fewest digits that read back as the same
// double. Reading divides exact big integers and rounds once, halves to even.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Machine.h"

using namespace sinter::text::jinja;

namespace {

/// A natural number of at most 2560 bits: 10^400 times a double's digits.
struct Big {
  static constexpr uint32_t kLimbs = 80;
  uint32_t limbs[kLimbs] = {};
  uint32_t count = 0;

  explicit Big(uint64_t n) {
    for (; n; n >>= 32)
      limbs[count++] = uint32_t(n);
  }
  void multiply(uint32_t factor, uint32_t carry = 0) {
    for (uint32_t i = 0; i < count; ++i) {
      uint64_t product = uint64_t(limbs[i]) * factor + carry;
      limbs[i] = uint32_t(product);
      carry = uint32_t(product >> 32);
    }
    if (carry && count < kLimbs)
      limbs[count++] = carry;
  }
  void multiplyPower10(uint32_t power) {
    for (; power >= 9; power -= 9)
      multiply(1000000000);
    while (power--)
      multiply(10);
  }
  void shiftLeft(uint32_t bits) {
    for (; bits >= 31; bits -= 31)
      multiply(1u << 31);
    multiply(1u << bits);
  }
  /// Bits up to the highest that is set.
  int bitLength() const {
    return count ? int(32 * count) - __builtin_clz(limbs[count - 1]) : 0;
  }
  static int compare(const Big &a, const Big &b) {
    if (a.count != b.count)
      return a.count < b.count ? -1 : 1;
    for (uint32_t i = a.count; i-- > 0;)
      if (a.limbs[i] != b.limbs[i])
        return a.limbs[i] < b.limbs[i] ? -1 : 1;
    return 0;
  }
  void add(const Big &other) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < kLimbs && (i < other.count || i < count || carry);
         ++i) {
      carry += uint64_t(limbs[i]) + other.limbs[i];
      limbs[i] = uint32_t(carry);
      carry >>= 32;
      count = i + 1 > count ? i + 1 : count;
    }
  }
  /// other is at most *this.
  void subtract(const Big &other) {
    int64_t borrow = 0;
    for (uint32_t i = 0; i < count; ++i) {
      borrow += int64_t(limbs[i]) - other.limbs[i];
      limbs[i] = uint32_t(borrow);
      borrow >>= 32;
    }
    while (count && !limbs[count - 1])
      --count;
  }
};

/// |x| = mantissa * 2^exponent for finite x.
void split(double x, uint64_t &mantissa, int &exponent) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof(bits));
  int biased = int(bits >> 52 & 0x7FF);
  mantissa =
      (bits & ((uint64_t(1) << 52) - 1)) | (biased ? uint64_t(1) << 52 : 0);
  exponent = (biased ? biased : 1) - 1075;
}

double join(uint64_t mantissa, int exponent) {
  uint64_t bits = 0;
  if (exponent > 971)
    bits = uint64_t(0x7FF) << 52;
  else if (mantissa >> 52)
    bits = (uint64_t(exponent + 1075) << 52) |
           (mantissa & ((uint64_t(1) << 52) - 1));
  else
    bits = mantissa; // a denormal number: the exponent is the smallest
  double x;
  memcpy(&x, &bits, sizeof(x));
  return x;
}

/// n / d, correctly rounded; n and d are not zero.
double divide(Big n, Big d) {
  // The quotient gets 53 bits, fewer below the normal numbers.
  int shift = 53 - (n.bitLength() - d.bitLength());
  if (shift > 1074)
    shift = 1074;
  if (shift > 0)
    n.shiftLeft(uint32_t(shift));
  else
    d.shiftLeft(uint32_t(-shift));
  uint64_t quotient = 0;
  for (int bit = 54; bit >= 0; --bit) {
    Big scaled = d;
    scaled.shiftLeft(uint32_t(bit));
    if (Big::compare(n, scaled) >= 0) {
      n.subtract(scaled);
      quotient |= uint64_t(1) << bit;
    }
  }
  bool exact = n.count == 0;
  int exponent = -shift;
  if (quotient >> 53) { // 54 bits: drop one
    bool dropped = quotient & 1;
    quotient >>= 1;
    ++exponent;
    if (dropped && (!exact || (quotient & 1)))
      ++quotient;
  } else {
    n.multiply(2);
    int half = Big::compare(n, d);
    if (half > 0 || (half == 0 && (quotient & 1)))
      ++quotient;
  }
  if (quotient >> 53) {
    quotient >>= 1;
    ++exponent;
  }
  return join(quotient, exponent);
}

/// digits * 10^exponent
double scaled(const Big &digits, int exponent) {
  if (digits.count == 0)
    return 0;
  Big n = digits, d(1);
  if (exponent >= 0)
    n.multiplyPower10(uint32_t(exponent));
  else
    d.multiplyPower10(uint32_t(-exponent));
  return divide(n, d);
}

/// The shortest digits of x > 0: x is 0.d1d2d3... * 10^point.
int shortestDigits(double x, char *digits, int &point) {
  uint64_t mantissa;
  int exponent;
  split(x, mantissa, exponent);
  bool even = mantissa % 2 == 0;
  bool uneven = mantissa == uint64_t(1) << 52; // the gap below is half as wide
  // x = r / s; the neighbours lie above / s and below / s away, times two.
  Big r(mantissa), s(1), above(1), below(1);
  r.shiftLeft(uint32_t((exponent > 0 ? exponent : 0) + 1 + uneven));
  s.shiftLeft(uint32_t((exponent < 0 ? -exponent : 0) + 1 + uneven));
  above.shiftLeft(uint32_t((exponent > 0 ? exponent : 0) + uneven));
  below.shiftLeft(uint32_t(exponent > 0 ? exponent : 0));
  // 0.30103 is log10(2): at most one too small, never too large.
  int bits = 0;
  for (uint64_t m = mantissa; m; m >>= 1)
    ++bits;
  long estimate = (long(exponent) + bits - 1) * 30103L;
  point = int(estimate / 100000) - (estimate % 100000 < 0);
  if (point >= 0) {
    s.multiplyPower10(uint32_t(point));
  } else {
    uint32_t up = uint32_t(-point);
    r.multiplyPower10(up);
    above.multiplyPower10(up);
    below.multiplyPower10(up);
  }
  auto reaches = [&] { // r + above against s
    Big sum = r;
    sum.add(above);
    int order = Big::compare(sum, s);
    return even ? order >= 0 : order > 0;
  };
  while (reaches()) {
    s.multiply(10);
    ++point;
  }
  for (int count = 0;;) {
    r.multiply(10);
    above.multiply(10);
    below.multiply(10);
    char digit = 0;
    for (; Big::compare(r, s) >= 0; ++digit)
      r.subtract(s);
    int low = Big::compare(r, below);
    bool stopLow = even ? low <= 0 : low < 0, stopHigh = reaches();
    if (stopLow && stopHigh) {
      Big twice = r;
      twice.multiply(2);
      stopLow = Big::compare(twice, s) < 0;
    }
    if (stopHigh && !stopLow)
      ++digit;
    digits[count++] = char('0' + digit);
    if (stopLow || stopHigh || count == 18)
      return count;
  }
}

} // namespace

size_t sinter::text::jinja::printDouble(double x, char *out) {
  char *at = out;
  uint64_t bits;
  memcpy(&bits, &x, sizeof(bits));
  if (bits >> 63 && x == x) {
    *at++ = '-';
    x = -x;
  }
  if ((bits >> 52 & 0x7FF) == 0x7FF || x == 0) {
    const char *name = x == 0 ? "0.0" : x == x ? "inf" : "nan";
    memcpy(at, name, 3);
    return size_t(at + 3 - out);
  }
  char digits[20];
  int point;
  int count = shortestDigits(x, digits, point);
  bool exponential = point > 16 || point < -3;
  int shown = exponential ? 1 : point; // digits before the point
  if (shown <= 0)
    *at++ = '0';
  for (int i = 0; i < shown; ++i)
    *at++ = i < count ? digits[i] : '0';
  if (!exponential || count > 1)
    *at++ = '.';
  for (int i = shown; i < 0; ++i)
    *at++ = '0';
  for (int i = shown < 0 ? 0 : shown; i < count; ++i)
    *at++ = digits[i];
  if (!exponential) {
    if (count <= shown)
      *at++ = '0';
    return size_t(at - out);
  }
  int exponent = point - 1;
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  exponent = exponent < 0 ? -exponent : exponent;
  if (exponent >= 100)
    *at++ = char('0' + exponent / 100);
  *at++ = char('0' + exponent / 10 % 10);
  *at++ = char('0' + exponent % 10);
  return size_t(at - out);
}

bool sinter::text::jinja::parseDouble(const char *text, size_t size,
                                      double &x) {
  size_t at = 0;
  auto digit = [&] { return at < size && text[at] >= '0' && text[at] <= '9'; };
  auto take = [&](char c) { return at < size && text[at] == c && ++at; };
  bool negative = take('-');
  if (!negative)
    take('+');
  Big digits(0);
  int exponent = 0, significant = 0;
  size_t seen = 0;
  for (bool fraction = false;;) {
    if (digit()) {
      ++seen;
      if (significant < 400) {
        uint32_t d = uint32_t(text[at] - '0');
        if (digits.count)
          digits.multiply(10, d);
        else
          digits = Big(d);
        significant += digits.count > 0;
        exponent -= fraction;
      } else {
        exponent += !fraction;
      }
      ++at;
    } else if (!fraction && take('.')) {
      fraction = true;
    } else {
      break;
    }
    if (exponent > 2000 || exponent < -2000)
      break;
  }
  if (seen == 0)
    return false;
  if (take('e') || take('E')) {
    bool down = take('-');
    if (!down)
      take('+');
    if (!digit())
      return false;
    int written = 0;
    for (; digit(); ++at)
      written = written < 10000 ? written * 10 + (text[at] - '0') : written;
    exponent += down ? -written : written;
  }
  while (digit()) // beyond what can matter
    ++at;
  if (at != size)
    return false;
  int magnitude = significant + exponent; // x < 10^magnitude
  if (!digits.count || magnitude < -330)
    x = 0;
  else
    x = magnitude > 310 ? join(0, 2000) : scaled(digits, exponent);
  x = negative ? -x : x;
  return true;
}

double sinter::text::jinja::roundDouble(double x, int digits) {
  uint64_t mantissa;
  int exponent;
  split(x, mantissa, exponent);
  if (x - x != 0 || mantissa == 0 || digits > 330 ||
      (exponent >= 0 && digits >= 0))
    return x; // not finite, or there are no digits to lose
  if (digits < -310)
    return 0;
  // x = n / d in units of the last place kept.
  Big n(mantissa), d(1);
  n.shiftLeft(uint32_t(exponent > 0 ? exponent : 0));
  d.shiftLeft(uint32_t(exponent < 0 ? -exponent : 0));
  if (digits >= 0)
    n.multiplyPower10(uint32_t(digits));
  else
    d.multiplyPower10(uint32_t(-digits));
  Big quotient(0);
  int top = n.bitLength() - d.bitLength();
  for (int bit = top; bit >= 0; --bit) {
    Big part = d;
    part.shiftLeft(uint32_t(bit));
    if (quotient.count)
      quotient.multiply(2);
    if (Big::compare(n, part) >= 0) {
      n.subtract(part);
      quotient.add(Big(1));
    }
  }
  n.multiply(2);
  int half = Big::compare(n, d);
  if (half > 0 || (half == 0 && (quotient.limbs[0] & 1)))
    quotient.add(Big(1));
  double result = scaled(quotient, -digits);
  return x < 0 ? -result : result;
}

bool sinter::text::jinja::parseWhole(const char *text, size_t size,
                                     int64_t &n) {
  size_t at = 0;
  bool negative = size && text[0] == '-';
  if (size && (text[0] == '-' || text[0] == '+'))
    ++at;
  if (at == size)
    return false;
  int64_t value = 0;
  for (; at < size; ++at) {
    if (text[at] < '0' || text[at] > '9' ||
        __builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, text[at] - '0', &value))
      return false;
  }
  // Counted downwards, because there is one negative number more.
  if (!negative && value == INT64_MIN)
    return false;
  n = negative ? value : -value;
  return true;
}
