// Format.cpp: vsnprintf and snprintf for the browser's runtime, in place of the
// C library's, which brings 20 KB and file output along. What error messages
// use: %s %.Ns %c %d %u %x with width and zeros, l, ll and z; %g with six
// digits.
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

/// Text that is cut where it does not fit; counts what there would be.
class Out {
public:
  Out(char *text, size_t size) : text_(text), size_(size) {}
  void put(char c) {
    if (count_ + 1 < size_)
      text_[count_] = c;
    ++count_;
  }
  void put(const char *from, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
      put(from[i]);
  }
  int finish() {
    if (size_)
      text_[count_ < size_ ? count_ : size_ - 1] = 0;
    return static_cast<int>(count_);
  }

private:
  char *text_;
  size_t size_;
  size_t count_ = 0;
};

struct Spec {
  size_t width = 0;
  size_t precision = SIZE_MAX;
  bool zeros = false;
  int longs = 0; // 2: 64 bits
};

void putNumber(Out &out, uint64_t value, bool negative, unsigned base,
               const Spec &spec) {
  char digits[24];
  size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  size_t used = count + (negative ? 1 : 0);
  if (negative && spec.zeros)
    out.put('-');
  for (size_t i = used; i < spec.width; ++i)
    out.put(spec.zeros ? '0' : ' ');
  if (negative && !spec.zeros)
    out.put('-');
  while (count)
    out.put(digits[--count]);
}

/// Six significant digits, without zeros at the end.
void putFloat(Out &out, double value) {
  if (value != value)
    return out.put("nan", 3);
  if (value < 0) {
    out.put('-');
    value = -value;
  }
  if (value > 1.7976931348623157e308)
    return out.put("inf", 3);
  int exponent = 0;
  while (value >= 10) {
    value /= 10;
    ++exponent;
  }
  while (value > 0 && value < 1) {
    value *= 10;
    --exponent;
  }
  auto digits = static_cast<uint32_t>(value * 100000 + 0.5);
  if (digits >= 1000000) {
    digits /= 10;
    ++exponent;
  }
  char text[8];
  for (int i = 5; i >= 0; --i, digits /= 10)
    text[i] = static_cast<char>('0' + digits % 10);
  int last = 5;
  while (last > 0 && text[last] == '0')
    --last;
  bool scientific = exponent < -4 || exponent >= 6;
  int point = scientific ? 0 : exponent; // the digit before the point
  for (int i = point < 0 ? point : 0; i <= last || i <= point; ++i) {
    if (i == point + 1)
      out.put('.');
    out.put(i < 0 || i > last ? '0' : text[i]);
  }
  if (!scientific)
    return;
  out.put('e');
  out.put(exponent < 0 ? '-' : '+');
  Spec two;
  two.width = 2;
  two.zeros = true;
  putNumber(out, static_cast<uint64_t>(exponent < 0 ? -exponent : exponent),
            false, 10, two);
}

/// Reads what stands between % and the letter.
Spec readSpec(const char *&at, va_list &arguments) {
  Spec spec;
  if (*at == '0') {
    spec.zeros = true;
    ++at;
  }
  for (; *at >= '0' && *at <= '9'; ++at)
    spec.width = spec.width * 10 + static_cast<size_t>(*at - '0');
  if (*at == '.') {
    spec.precision = 0;
    if (*++at == '*') {
      spec.precision = static_cast<size_t>(va_arg(arguments, int));
      ++at;
    }
    for (; *at >= '0' && *at <= '9'; ++at)
      spec.precision = spec.precision * 10 + static_cast<size_t>(*at - '0');
  }
  for (; *at == 'l' || *at == 'z'; ++at)
    spec.longs += *at == 'l'; // a size_t is an int here
  return spec;
}

} // namespace

extern "C" int vsnprintf(char *text, size_t size, const char *format,
                         va_list given) {
  va_list arguments;
  va_copy(arguments, given);
  Out out(text, size);
  for (const char *at = format; *at; ++at) {
    if (*at != '%') {
      out.put(*at);
      continue;
    }
    ++at;
    Spec spec = readSpec(at, arguments);
    bool wide = spec.longs == 2;
    switch (*at) {
    case 's': {
      const char *from = va_arg(arguments, const char *);
      from = from ? from : "(null)";
      out.put(from, strnlen(from, spec.precision));
      break;
    }
    case 'd': {
      int64_t value =
          wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);
      uint64_t size = static_cast<uint64_t>(value);
      putNumber(out, value < 0 ? -size : size, value < 0, 10, spec);
      break;
    }
    case 'u':
    case 'x':
      putNumber(
          out, wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned),
          false, *at == 'x' ? 16 : 10, spec);
      break;
    case 'g':
      putFloat(out, va_arg(arguments, double));
      break;
    case 'c':
      out.put(static_cast<char>(va_arg(arguments, int)));
      break;
    default:
      out.put(*at);
    }
  }
  va_end(arguments);
  return out.finish();
}

extern "C" int snprintf(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return length;
}
