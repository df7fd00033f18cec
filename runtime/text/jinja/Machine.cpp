//===- Machine.cpp - See Machine.h ---------------------------------------===//
//
// Memory is taken from the system in chunks that grow, and given back all at
// once. Work on bytes counts as one step for 256 of them.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Machine.h"
#include "runtime/text/Unicode.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

Machine::~Machine() {
  while (Chunk *chunk = chunks) {
    chunks = chunk->next;
    ::free(chunk);
  }
}

void Machine::fail(RenderStatus why, const char *before) {
  fail(why, before, Value(), nullptr);
}

void Machine::fail(RenderStatus why, const char *before, Value middle,
                   const char *after) {
  if (failed())
    return;
  status = why;
  messageLine = line;
  size_t used = 0;
  auto add = [&](const char *part, size_t size) {
    for (size_t i = 0; i < size && used + 1 < sizeof(message); ++i)
      message[used++] = part[i];
  };
  add(before, strlen(before));
  if (after) {
    add(middle.text, middle.size);
    add(after, strlen(after));
  }
  // A cut must not leave half a character.
  if (used + 1 == sizeof(message))
    while (used > 0 && (message[used - 1] & 0x80)) {
      bool lead = (message[used - 1] & 0x40) != 0;
      --used;
      if (lead)
        break;
    }
  message[used] = 0;
}

bool Machine::step(size_t count) {
  worked += count;
  if (worked > limits.steps)
    fail(RenderStatus::LimitReached, "too many steps");
  return !failed();
}

//===- Memory -------------------------------------------------------------===//

void *Machine::allocate(size_t bytes) {
  if (failed())
    return nullptr;
  if (bytes > limits.memoryBytes) {
    fail(RenderStatus::LimitReached, "too much memory needed");
    return nullptr;
  }
  bytes = (bytes + 7) & ~size_t(7);
  if (size_t(freeEnd - free) < bytes) {
    size_t wanted = allocated / 4 < 8192 ? 8192 : allocated / 4;
    wanted = wanted > (1u << 20) ? (1u << 20) : wanted;
    wanted = sizeof(Chunk) + (wanted > bytes ? wanted : bytes);
    if (allocated + wanted > limits.memoryBytes) {
      fail(RenderStatus::LimitReached, "too much memory needed");
      return nullptr;
    }
    auto *chunk = static_cast<Chunk *>(malloc(wanted));
    if (!chunk) {
      fail(RenderStatus::OutOfMemory, "no memory left");
      return nullptr;
    }
    chunk->next = chunks;
    chunk->size = wanted;
    chunks = chunk;
    allocated += wanted;
    free = reinterpret_cast<char *>(chunk + 1);
    freeEnd = reinterpret_cast<char *>(chunk) + wanted;
  }
  void *place = free;
  free += bytes;
  return place;
}

/// Room for one more item; the old array stays where it is, unused.
template <typename T>
static bool grow(Machine &machine, T *&items, uint32_t size,
                 uint32_t &capacity) {
  if (size < capacity)
    return true;
  uint32_t wanted = capacity < 4 ? 4 : capacity * 2;
  auto *moved = static_cast<T *>(machine.allocate(sizeof(T) * size_t(wanted)));
  if (!moved)
    return false;
  for (uint32_t i = 0; i < size; ++i)
    moved[i] = items[i];
  items = moved;
  capacity = wanted;
  return true;
}

Value Machine::newList(ListKind kind) {
  Value v = Value::of(Kind::List);
  v.detail = kind;
  v.list = make<List>();
  return v.list ? v : Value();
}

Value Machine::newDict() {
  Value v = Value::of(Kind::Dict);
  v.dict = make<Dict>();
  return v.dict ? v : Value();
}

bool Machine::push(List *list, Value item) {
  if (!list || !grow(*this, list->items, list->size, list->capacity))
    return false;
  list->items[list->size++] = item;
  return true;
}

Value *Machine::find(const Dict *dict, Value key) {
  for (uint32_t i = 0; i < dict->size && !failed(); ++i) {
    Pair &pair = dict->pairs[i];
    if (i % 8 == 7 && !step())
      break;
    if (pair.key.isString() ? key.isString() && pair.key.sameText(key)
                            : equal(pair.key, key))
      return &pair.value;
  }
  return nullptr;
}

bool Machine::set(Dict *dict, Value key, Value value) {
  if (!dict)
    return false;
  if (Value *old = find(dict, key)) {
    *old = value;
    return true;
  }
  if (key.isDict() || (key.isList() && key.detail == kList)) {
    fail(RenderStatus::Failed, "a list or dict cannot be a key");
    return false;
  }
  if (failed() || !grow(*this, dict->pairs, dict->size, dict->capacity))
    return false;
  dict->pairs[dict->size++] = {key, value};
  return true;
}

//===- Text ---------------------------------------------------------------===//

/// Makes room for `count` bytes more and their marks.
static bool extend(Machine &machine, size_t count) {
  size_t size = machine.text.size() + count;
  if (!machine.step(count / 256))
    return false;
  if (count > machine.limits.outputBytes || size > machine.limits.outputBytes) {
    machine.fail(RenderStatus::LimitReached, "the text becomes too long");
    return false;
  }
  if (machine.text.resize(size) && machine.marks.resize(size))
    return true;
  machine.fail(RenderStatus::OutOfMemory, "no memory left");
  return false;
}

bool Machine::append(const char *bytes, size_t count, Origin origin) {
  size_t at = text.size();
  if (count == 0)
    return true;
  if (!extend(*this, count))
    return false;
  memcpy(text.data() + at, bytes, count);
  memset(marks.data() + at, origin, count);
  return true;
}

bool Machine::append(Value string) {
  size_t at = text.size();
  if (string.detail != kMixed)
    return append(string.text, string.size, Origin(string.detail));
  if (!extend(*this, string.size))
    return false;
  memcpy(text.data() + at, string.text, string.size);
  memcpy(marks.data() + at, marksOf(string), string.size);
  return true;
}

bool Machine::appendChar(uint32_t code, Origin origin) {
  uint8_t bytes[4];
  uint32_t size = encodeUtf8(code, bytes);
  return append(reinterpret_cast<char *>(bytes), size, origin);
}

bool Machine::appendWhole(int64_t number) {
  char digits[24];
  size_t at = sizeof(digits);
  uint64_t rest = number < 0 ? 0 - uint64_t(number) : uint64_t(number);
  do
    digits[--at] = char('0' + rest % 10);
  while (rest /= 10);
  if (number < 0)
    digits[--at] = '-';
  return append(digits + at, sizeof(digits) - at);
}

char *Machine::allocateMixed(size_t size) {
  if (!mixed || mixed->capacity - mixed->used < size) {
    auto *made = make<Mixed>();
    size_t capacity = size < 4096 ? 4096 : size;
    void *place = allocate(2 * capacity);
    if (!made || !place)
      return nullptr;
    *made = {mixed, static_cast<char *>(place), capacity, 0};
    mixed = made;
  }
  mixed->used += size;
  return mixed->text + mixed->used - size;
}

const uint8_t *Machine::marksOf(Value string) const {
  for (Mixed *m = mixed; m; m = m->next)
    if (string.text >= m->text && string.text <= m->text + m->used)
      return reinterpret_cast<const uint8_t *>(string.text) + m->capacity;
  return nullptr; // never: every such String lies in one of them
}

Value Machine::close(size_t begin) {
  // After a failed growth the two sizes may differ; the text is not used then.
  if (failed() || begin > text.size())
    return Value::string("");
  size_t size = text.size() - begin;
  uint8_t *from = marks.data() + begin;
  bool several = size && memchr(from, !from[0], size);
  char *copy =
      several ? allocateMixed(size) : static_cast<char *>(allocate(size));
  Value result = Value::string("");
  if (copy && size) {
    memcpy(copy, text.data() + begin, size);
    result = Value::string(copy, size, several ? kMixed : Origin(from[0]));
    if (several)
      memcpy(copy + mixed->capacity, from, size);
  }
  (void)!text.resize(begin);
  (void)!marks.resize(begin);
  return result;
}

//===- Characters ---------------------------------------------------------===//

bool jinja::isSpace(uint32_t code) {
  if (code < 0x80)
    return code == ' ' || (code >= 9 && code <= 13) ||
           (code >= 0x1C && code <= 0x1F);
  return charClass(code) == CharClass::Space;
}

static Char charAt(const char *text, size_t size) {
  return decodeUtf8(reinterpret_cast<const uint8_t *>(text), size);
}

size_t jinja::spaceAtStart(const char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    Char c = charAt(text + at, size - at);
    if (!isSpace(c.code))
      break;
    at += c.size;
  }
  return at;
}

size_t jinja::spaceAtEnd(const char *text, size_t size) {
  size_t end = size;
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && (text[begin] & 0xC0) == 0x80)
      --begin;
    Char c = charAt(text + begin, end - begin);
    if (begin + c.size != end || !isSpace(c.code))
      break;
    end = begin;
  }
  return size - end;
}

size_t jinja::countChars(const char *text, size_t size) {
  size_t count = 0;
  for (size_t at = 0; at < size; ++count)
    at += (text[at] & 0x80) ? charAt(text + at, size - at).size : 1;
  return count;
}

size_t jinja::charOffset(const char *text, size_t size, size_t index) {
  size_t at = 0;
  for (; index > 0 && at < size; --index)
    at += (text[at] & 0x80) ? charAt(text + at, size - at).size : 1;
  return at;
}
