// Plan.cpp: the semantic checks of a plan, after the FlatBuffers verifier made
// sure that tables, vectors and strings lie inside the bytes. What is checked:
// versions, bounds and alignment of every range, kernel indices, item counts,
// the entry points and buffers that the runtime uses by name, sizes of weights
// and caches against their shapes.
#include "runtime/core/Plan.h"
#include "runtime/core/Sha256.h"

#include <cstring>

namespace sinter::rt {

namespace {

constexpr uint64_t kMaxItems = 0x7fffffff;
constexpr uint64_t kMaxScratch = 1u << 30;
constexpr uint64_t kMaxArena = uint64_t(1) << 46;
constexpr uint32_t kWeightAlignment = 256;
constexpr uint32_t kMaxSide = 1u << 28; // rows or columns; keeps products exact
constexpr const char *kEntryNames[kEntryCount] = {"prefill", "decode", "head",
                                                  "greedy", "sample"};
constexpr const char *kIoNames[] = {"tokens",     "hidden",   "logits",
                                    "next_token", "sampling", "history"};

const char *textOr(const flatbuffers::String *text) {
  return text ? text->c_str() : "";
}
template <typename T> uint32_t sizeOr0(const T *vector) {
  return vector ? vector->size() : 0;
}

/// Bytes of a packed weight, 0 for layouts this runtime does not know (kernels
/// do).
uint64_t packedBytes(const fb::Weight &weight) {
  const char *layout = textOr(weight.layout());
  const char *scheme = textOr(weight.scheme());
  uint64_t rows = weight.rows(), columns = weight.columns();
  if (!strcmp(layout, "vector") || !strcmp(layout, "rope") ||
      !strcmp(layout, "alibi"))
    return rows * columns * 4;
  if (strcmp(layout, "rows16") != 0)
    return 0;
  uint64_t panels = divideUp(rows, 16), blocks = divideUp(columns, 32);
  if (!strcmp(scheme, "f32"))
    return panels * columns * 64;
  if (!strcmp(scheme, "f16"))
    return panels * columns * 32;
  if (!strcmp(scheme, "q8_0"))
    return panels * blocks * 544;
  if (!strcmp(scheme, "q4_0"))
    return panels * blocks * 288;
  return 0;
}

} // namespace

const char *Plan::entryName(EntryId id) { return kEntryNames[id]; }

uint32_t Plan::items(const fb::Dispatch &dispatch, uint64_t tokenCount) {
  uint64_t per = dispatch.items_per_tokens();
  uint64_t times = per ? divideUp(tokenCount, per) : 1;
  return static_cast<uint32_t>(dispatch.items() * times);
}

bool Plan::fits(const fb::Range &range, uint64_t alignment) const {
  uint64_t limit = 0, end = 0;
  switch (range.space()) {
  case fb::Space_weights:
    limit = root_->weight_bytes();
    break;
  case fb::Space_arena:
    limit = root_->arena_bytes();
    break;
  case fb::Space_state:
    limit = root_->state_bytes();
    break;
  default:
    return false;
  }
  return range.bytes() > 0 && range.offset() % alignment == 0 &&
         checkedAdd(range.offset(), range.bytes(), end) && end <= limit;
}

Status Plan::load(Buffer bytes, Fault &fault) {
  bytes_ = std::move(bytes);
  flatbuffers::Verifier verifier(bytes_.data(), bytes_.size(), 32, 10000000);
  if (bytes_.size() < 8 || !fb::PlanBufferHasIdentifier(bytes_.data()) ||
      !fb::VerifyPlanBuffer(verifier))
    return fault.set(SINTER_CORRUPT,
                     "plan.fb is malformed (FlatBuffers verifier)");
  root_ = fb::GetPlan(bytes_.data());
  Sha256::digest(bytes_.data(), bytes_.size(), sha256_);
  if (Status status = checkHeader(fault))
    return status;
  if (Status status = checkKernels(fault))
    return status;
  if (Status status = checkEntries(fault))
    return status;
  if (Status status = checkWeights(fault))
    return status;
  if (Status status = checkIos(fault))
    return status;
  return checkStates(fault);
}

Status Plan::checkHeader(Fault &fault) const {
  const fb::Plan &p = *root_;
  if (p.abi_version() != SINTER_ABI_VERSION)
    return fault.set(
        SINTER_VERSION_MISMATCH,
        "plan.fb has kernel interface version %u, this runtime has "
        "%u; compile the model again",
        p.abi_version(), SINTER_ABI_VERSION);
  constexpr uint32_t kLimit = 1u << 28;
  struct {
    const char *name;
    uint32_t value, limit;
  } const numbers[] = {{"context", p.context(), kLimit},
                       {"chunk", p.chunk(), p.context()},
                       {"vocab_size", p.vocab_size(), kLimit},
                       {"hidden_size", p.hidden_size(), kLimit},
                       {"layer_count", p.layer_count() + 1, 65536}};
  for (auto &number : numbers)
    if (number.value == 0 || number.value > number.limit)
      return fault.set(SINTER_CORRUPT, "plan.fb: %s is out of range",
                       number.name);
  if (p.weight_bytes() > kMaxArena || p.arena_bytes() > kMaxArena ||
      p.state_bytes() > kMaxArena)
    return fault.set(SINTER_CORRUPT, "plan.fb: an arena is beyond 64 TiB");
  auto vocab = static_cast<int64_t>(p.vocab_size());
  bool tokensGood = p.bos_id() >= -1 && p.bos_id() < vocab;
  for (uint32_t i = 0; i < sizeOr0(p.eos_ids()); ++i)
    tokensGood &= p.eos_ids()->Get(i) >= 0 && p.eos_ids()->Get(i) < vocab;
  if (!tokensGood)
    return fault.set(SINTER_CORRUPT,
                     "plan.fb: bos_id or eos_ids lie outside the vocabulary");
  return SINTER_OK;
}

Status Plan::checkKernels(Fault &fault) const {
  for (uint32_t i = 0; i < sizeOr0(root_->kernels()); ++i) {
    const fb::Kernel *kernel = root_->kernels()->Get(i);
    if (kernel->scratch_bytes() > kMaxScratch)
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: kernel %u wants more than 1 GiB of scratch",
                       i);
  }
  return SINTER_OK;
}

Status Plan::checkDispatch(const fb::Entry &entry, uint32_t index,
                           uint64_t tokenCount, Fault &fault) const {
  const fb::Dispatch &dispatch = *entry.dispatches()->Get(index);
  const char *name = textOr(entry.name());
  if (dispatch.kernel() >= sizeOr0(root_->kernels()))
    return fault.set(SINTER_CORRUPT,
                     "plan.fb: dispatch %u of '%.40s' names kernel %u of %u",
                     index, name, dispatch.kernel(), sizeOr0(root_->kernels()));
  uint64_t per = dispatch.items_per_tokens();
  uint64_t times = per ? divideUp(tokenCount, per) : 1;
  uint64_t items = 0;
  if (!checkedMul(dispatch.items(), times, items) || items == 0 ||
      items > kMaxItems)
    return fault.set(SINTER_CORRUPT,
                     "plan.fb: dispatch %u of '%.40s' has no or too many work "
                     "items",
                     index, name);
  // The verifier checks the alignment of a vector's length only.
  if (dispatch.bindings() &&
      reinterpret_cast<uintptr_t>(dispatch.bindings()->Data()) %
              alignof(fb::Range) !=
          0)
    return fault.set(SINTER_CORRUPT,
                     "plan.fb: the bindings of dispatch %u of '%.40s' are "
                     "misaligned",
                     index, name);
  for (uint32_t i = 0; i < sizeOr0(dispatch.bindings()); ++i)
    if (!fits(*dispatch.bindings()->Get(i), SINTER_BINDING_ALIGNMENT))
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: binding %u of dispatch %u of '%.40s' lies "
                       "outside its arena or is not aligned to %d bytes",
                       i, index, name, SINTER_BINDING_ALIGNMENT);
  return SINTER_OK;
}

Status Plan::checkEntries(Fault &fault) {
  for (uint32_t i = 0; i < sizeOr0(root_->entries()); ++i) {
    const fb::Entry *entry = root_->entries()->Get(i);
    uint64_t tokenCount = root_->chunk();
    for (uint32_t id = 0; id < kEntryCount; ++id) {
      if (strcmp(textOr(entry->name()), kEntryNames[id]) != 0)
        continue;
      if (entries_[id])
        return fault.set(SINTER_CORRUPT, "plan.fb: two entries '%s'",
                         kEntryNames[id]);
      entries_[id] = entry;
      tokenCount = id == kPrefill ? root_->chunk() : 1;
    }
    for (uint32_t d = 0; d < sizeOr0(entry->dispatches()); ++d)
      if (Status status = checkDispatch(*entry, d, tokenCount, fault))
        return status;
  }
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    if ((id == kGreedy || id == kSample) && !entries_[id])
      continue;
    if (!entries_[id] || sizeOr0(entries_[id]->dispatches()) == 0)
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: entry '%s' is missing or empty",
                       kEntryNames[id]);
  }
  return SINTER_OK;
}

Status Plan::checkWeights(Fault &fault) const {
  uint64_t before = 0;
  for (uint32_t i = 0; i < sizeOr0(root_->weights()); ++i) {
    const fb::Weight &weight = *root_->weights()->Get(i);
    const char *name = textOr(weight.name());
    const fb::Range *range = weight.range();
    if (!range || range->space() != fb::Space_weights ||
        !fits(*range, kWeightAlignment) || range->offset() < before ||
        weight.rows() > kMaxSide || weight.columns() > kMaxSide)
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: weight %u ('%.100s') overlaps the one before, "
                       "lies outside the weights or is not aligned to %u bytes",
                       i, name, kWeightAlignment);
    before = range->offset() + range->bytes();
    uint64_t expected = packedBytes(weight);
    if (expected && expected != range->bytes())
      return fault.set(
          SINTER_CORRUPT,
          "plan.fb: weight %u ('%.100s') has %llu bytes, its shape "
          "needs %llu",
          i, name, static_cast<unsigned long long>(range->bytes()),
          static_cast<unsigned long long>(expected));
  }
  return SINTER_OK;
}

Status Plan::checkIos(Fault &fault) {
  for (uint32_t i = 0; i < sizeOr0(root_->ios()); ++i) {
    const fb::Io *io = root_->ios()->Get(i);
    if (!io->range() || io->range()->space() != fb::Space_arena ||
        !fits(*io->range(), 4))
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: buffer '%.100s' is missing, too small or "
                       "outside the arena",
                       textOr(io->name()));
    for (int id = 0; id < kIoCount; ++id) {
      if (strcmp(textOr(io->name()), kIoNames[id]) != 0)
        continue;
      if (io_[id])
        return fault.set(SINTER_CORRUPT, "plan.fb: two buffers '%s'",
                         kIoNames[id]);
      io_[id] = io->range();
    }
  }
  uint64_t chunk = root_->chunk();
  static_assert(sizeof(kIoNames) / sizeof(*kIoNames) == kIoCount);
  const uint64_t needed[kIoCount] = {chunk * 4,
                                     chunk * root_->hidden_size() * 4,
                                     uint64_t(root_->vocab_size()) * 4,
                                     4,
                                     kSamplingSize * 4,
                                     4};
  for (int id = 0; id < kIoCount; ++id) {
    bool optional = id > 3
                        ? !entries_[kSample]
                        : id == 3 && !entries_[kGreedy] && !entries_[kSample];
    if (optional && !io_[id])
      continue;
    if (!io_[id] || io_[id]->bytes() < needed[id])
      return fault.set(SINTER_CORRUPT,
                       "plan.fb: buffer '%s' is missing, too small or outside "
                       "the arena",
                       kIoNames[id]);
  }
  return SINTER_OK;
}

Status Plan::checkStates(Fault &fault) const {
  for (uint32_t i = 0; i < sizeOr0(root_->states()); ++i) {
    const fb::State &state = *root_->states()->Get(i);
    uint64_t bytes = roundUp(state.capacity(), 16);
    bool good = state.range() && state.range()->space() == fb::Space_state &&
                fits(*state.range(), SINTER_BINDING_ALIGNMENT) &&
                state.capacity() >= root_->context() &&
                checkedMul(bytes, state.kv_heads(), bytes) &&
                checkedMul(bytes, state.head_dim(), bytes) &&
                checkedMul(bytes, uint64_t(state.element_bytes()) * 2, bytes) &&
                bytes == state.range()->bytes();
    if (!good)
      return fault.set(
          SINTER_CORRUPT,
          "plan.fb: cache %u ('%.100s') lies outside the state, is "
          "smaller than the context or contradicts its shape",
          i, textOr(state.name()));
  }
  return SINTER_OK;
}

} // namespace sinter::rt
