//===- Dates.cpp - strftime_now -----------------------------------------===//
//
// Local time is what the caller gives; names are English, as in the C locale.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
struct Date {
  int64_t year;
  int month, day, weekday, yearday; // month and day from 1, weekday 0: Sunday
};

/// Days since 1970-01-01 to a date of the proleptic Gregorian calendar.
Date dateOf(int64_t days) {
  // Howard Hinnant, "chrono-compatible low-level date algorithms": years begin
  // in March, 400 of them are one era.
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t ofEra = z - era * 146097;
  int64_t year = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
  int64_t ofYear = ofEra - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * ofYear + 2) / 153;
  Date date;
  date.day = int(ofYear - (153 * month + 2) / 5 + 1);
  date.month = int(month < 10 ? month + 3 : month - 9);
  date.year = year + era * 400 + (date.month <= 2);
  date.weekday = int(((days + 4) % 7 + 7) % 7);
  bool leap = date.year % 4 == 0 && (date.year % 100 || date.year % 400 == 0);
  date.yearday = int(date.month > 2 ? ofYear + 60 + leap : ofYear - 305);
  return date;
}

void appendNumber(Machine &machine, int64_t number, int width, char fill) {
  char digits[8];
  int size = 0;
  for (; number > 0 && size < 8; number /= 10)
    digits[size++] = char('0' + number % 10);
  if (size == 0)
    digits[size++] = '0';
  for (int i = size; i < width; ++i)
    machine.append(&fill, 1);
  while (size > 0)
    machine.append(&digits[--size], 1);
}

/// The index-th of names that are divided by spaces; its first three letters
/// if `isShort`.
void appendName(Machine &machine, const char *names, int index, bool isShort) {
  for (; index > 0; --index)
    names = strchr(names, ' ') + 1;
  const char *end = strchr(names, ' ');
  size_t size = end ? size_t(end - names) : strlen(names);
  machine.append(names, isShort ? 3 : size);
}
} // namespace

Value Interpreter::dateText(Value format) {
  static const char kMonths[] =
      "January February March April May June July August September October "
      "November December";
  static const char kDays[] =
      "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";
  if (!format.isString())
    return typeError("strftime_now takes a text, not '", format);
  int64_t days = now / 86400 - (now % 86400 < 0);
  int64_t second = now - days * 86400;
  int hour = int(second / 3600), half = hour % 12 ? hour % 12 : 12;
  Date date = dateOf(days);
  size_t begin = machine.open();
  for (uint32_t at = 0; at < format.size && machine.step(); ++at) {
    if (format.text[at] != '%' || at + 1 == format.size) {
      machine.append(format.slice(at, at + 1));
      continue;
    }
    char c = format.text[++at];
    bool bare = c == '-' && at + 1 < format.size; // glibc: without padding
    if (bare)
      c = format.text[++at];
    int width = bare ? 1 : 2;
    switch (c) {
    case 'Y':
      appendNumber(machine, date.year, 1, '0');
      break;
    case 'y':
      appendNumber(machine, date.year % 100, width, '0');
      break;
    case 'm':
      appendNumber(machine, date.month, width, '0');
      break;
    case 'd':
      appendNumber(machine, date.day, width, '0');
      break;
    case 'e':
      appendNumber(machine, date.day, width, ' ');
      break;
    case 'j':
      appendNumber(machine, date.yearday, bare ? 1 : 3, '0');
      break;
    case 'H':
      appendNumber(machine, hour, width, '0');
      break;
    case 'I':
      appendNumber(machine, half, width, '0');
      break;
    case 'M':
      appendNumber(machine, second / 60 % 60, width, '0');
      break;
    case 'S':
      appendNumber(machine, second % 60, width, '0');
      break;
    case 'p':
      machine.append(hour < 12 ? "AM" : "PM");
      break;
    case 'B':
    case 'b':
      appendName(machine, kMonths, date.month - 1, c == 'b');
      break;
    case 'A':
    case 'a':
      appendName(machine, kDays, date.weekday, c == 'a');
      break;
    case '%':
      machine.append("%");
      break;
    default:
      return fail("strftime_now does not know '%",
                  Value::string(&c, 1, kTemplate), "'");
    }
  }
  return machine.close(begin);
}
