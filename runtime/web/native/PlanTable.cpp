// PlanTable.cpp: sinter_web_plan: the checked plan as 32-bit words, laid out as
// exports.h says. Written twice by the same code: once to count, once for good.
#include "runtime/core/Api.h"
#include "runtime/web/native/exports.h"

#include <cstring>

using namespace sinter::rt;
namespace fb = sinter::fb;

namespace {

constexpr uint32_t kHeaderWords = 32;
constexpr uint32_t kDispatchWords = 7;
constexpr uint32_t kEntryWords = 4;
constexpr uint32_t kRangeWords = 5;

template <typename T> uint32_t sizeOr0(const T *vector) {
  return vector ? vector->size() : 0;
}

/// Words in order; without memory they are only counted. Names are bytes behind
/// all words, so their places are known once the words are counted.
class Table {
public:
  Table(uint32_t *words, uint32_t nameBegin)
      : words_(words), nameBegin_(nameBegin) {}

  uint32_t at() const { return count_; }
  void word(uint32_t value) {
    if (words_)
      words_[count_] = value;
    ++count_;
  }
  void wide(uint64_t value) {
    word(static_cast<uint32_t>(value));
    word(static_cast<uint32_t>(value >> 32));
  }
  void name(const flatbuffers::String *text) {
    uint32_t bytes = sizeOr0(text);
    word(nameBegin_ * 4 + nameBytes_);
    word(bytes);
    if (words_ && bytes)
      memcpy(reinterpret_cast<char *>(words_ + nameBegin_) + nameBytes_,
             text->c_str(), bytes);
    nameBytes_ += bytes;
  }
  void range(const fb::Range &range) {
    word(range.space());
    wide(range.offset());
    wide(range.bytes());
  }
  /// Writes where something was promised earlier.
  void put(uint32_t at, uint32_t value) {
    if (words_)
      words_[at] = value;
  }
  void skip(uint32_t words) { count_ += words; }
  uint64_t nameWords() const { return divideUp(nameBytes_, 4); }

private:
  uint32_t *words_;
  uint32_t nameBegin_;
  uint32_t count_ = 0;
  uint32_t nameBytes_ = 0;
};

class PlanTable {
public:
  PlanTable(const fb::Plan &plan, uint32_t *words, uint32_t nameBegin)
      : plan_(plan), table_(words, nameBegin) {}

  /// Writes everything; wholeWords is known from a first round.
  void write(uint32_t wholeWords) {
    table_.skip(kHeaderWords);
    writeTables();
    writeEntries();
    writeHeader(wholeWords);
  }
  uint32_t words() const { return table_.at(); }
  uint64_t nameWords() const { return table_.nameWords(); }

private:
  void writeTables();
  void writeEntries();
  void writeHeader(uint32_t wholeWords);
  void listAt(uint32_t header, uint32_t count) {
    table_.put(header, count);
    table_.put(header + 1, table_.at());
  }
  void putWide(uint32_t at, uint64_t value) {
    table_.put(at, static_cast<uint32_t>(value));
    table_.put(at + 1, static_cast<uint32_t>(value >> 32));
  }

  const fb::Plan &plan_;
  Table table_;
  uint64_t largestBinding_ = 0;
  uint32_t dispatches_ = 0, bindings_ = 0;
};

void PlanTable::writeTables() {
  listAt(16, sizeOr0(plan_.kernels()));
  for (uint32_t i = 0; i < sizeOr0(plan_.kernels()); ++i) {
    table_.name(plan_.kernels()->Get(i)->id());
    table_.name(plan_.kernels()->Get(i)->family());
  }
  listAt(18, sizeOr0(plan_.weights()));
  for (uint32_t i = 0; i < sizeOr0(plan_.weights()); ++i) {
    const fb::Weight &weight = *plan_.weights()->Get(i);
    table_.name(weight.name());
    table_.range(*weight.range());
    table_.word(weight.rows());
    table_.word(weight.columns());
  }
  listAt(20, sizeOr0(plan_.ios()));
  for (uint32_t i = 0; i < sizeOr0(plan_.ios()); ++i) {
    table_.name(plan_.ios()->Get(i)->name());
    table_.range(*plan_.ios()->Get(i)->range());
  }
  listAt(22, sizeOr0(plan_.states()));
  for (uint32_t i = 0; i < sizeOr0(plan_.states()); ++i) {
    const fb::State &state = *plan_.states()->Get(i);
    table_.name(state.name());
    table_.range(*state.range());
    table_.word(state.kv_heads());
    table_.word(state.capacity());
    table_.word(state.head_dim());
    table_.word(state.element_bytes());
  }
}

/// Entries, then their dispatches, then the bindings of these.
void PlanTable::writeEntries() {
  uint32_t entries = sizeOr0(plan_.entries());
  listAt(24, entries);
  uint32_t dispatchAt = table_.at() + entries * kEntryWords;
  for (uint32_t i = 0; i < entries; ++i) {
    const fb::Entry &entry = *plan_.entries()->Get(i);
    uint32_t count = sizeOr0(entry.dispatches());
    table_.name(entry.name());
    table_.word(count);
    table_.word(dispatchAt + dispatches_ * kDispatchWords);
    dispatches_ += count;
  }
  uint32_t bindingAt = dispatchAt + dispatches_ * kDispatchWords;
  for (uint32_t i = 0; i < entries; ++i)
    for (uint32_t d = 0; d < sizeOr0(plan_.entries()->Get(i)->dispatches());
         ++d) {
      const fb::Dispatch &dispatch =
          *plan_.entries()->Get(i)->dispatches()->Get(d);
      table_.word(dispatch.kernel());
      table_.word(dispatch.items());
      table_.word(dispatch.items_per_tokens());
      table_.name(dispatch.layer());
      table_.word(sizeOr0(dispatch.bindings()));
      table_.word(bindingAt + bindings_ * kRangeWords);
      bindings_ += sizeOr0(dispatch.bindings());
    }
  for (uint32_t i = 0; i < entries; ++i)
    for (uint32_t d = 0; d < sizeOr0(plan_.entries()->Get(i)->dispatches());
         ++d) {
      const auto *ranges =
          plan_.entries()->Get(i)->dispatches()->Get(d)->bindings();
      for (uint32_t b = 0; b < sizeOr0(ranges); ++b) {
        table_.range(*ranges->Get(b));
        uint64_t bytes = ranges->Get(b)->bytes();
        largestBinding_ = bytes > largestBinding_ ? bytes : largestBinding_;
      }
    }
}

void PlanTable::writeHeader(uint32_t wholeWords) {
  listAt(26, sizeOr0(plan_.eos_ids()));
  for (uint32_t i = 0; i < sizeOr0(plan_.eos_ids()); ++i)
    table_.word(static_cast<uint32_t>(plan_.eos_ids()->Get(i)));
  const uint32_t first[8] = {
      SINTER_WEB_PLAN_MAGIC, SINTER_WEB_PLAN_VERSION, wholeWords,
      plan_.context(),       plan_.chunk(),           plan_.vocab_size(),
      plan_.hidden_size(),   plan_.layer_count()};
  for (uint32_t i = 0; i < 8; ++i)
    table_.put(i, first[i]);
  putWide(8, plan_.weight_bytes());
  putWide(10, plan_.arena_bytes());
  putWide(12, plan_.state_bytes());
  putWide(14, largestBinding_);
  table_.put(28, static_cast<uint32_t>(plan_.bos_id()));
  table_.put(29, static_cast<uint32_t>(kShardBytes));
  table_.put(30, dispatches_);
  table_.put(31, bindings_);
}

} // namespace

extern "C" sinter_status sinter_web_plan(const sinter_model *model,
                                         uint32_t *words, size_t capacity,
                                         size_t *count) {
  ModelUse use(model);
  if (use.status)
    return use.status;
  if (!count || (!words && capacity))
    return SINTER_INVALID_ARGUMENT;
  PlanTable counting(use->plan(), nullptr, 0);
  counting.write(0);
  uint64_t whole = counting.words() + counting.nameWords();
  *count = static_cast<size_t>(whole);
  if (whole > capacity)
    return SINTER_BUFFER_TOO_SMALL;
  memset(words, 0, *count * sizeof(uint32_t));
  PlanTable(use->plan(), words, counting.words())
      .write(static_cast<uint32_t>(whole));
  return SINTER_OK;
}
