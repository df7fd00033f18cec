// Session.cpp: position and tokens change only after a step has succeeded.
#include "runtime/core/Session.h"

#include <cstring>

namespace sinter::rt {

Session::~Session() {
  if (device_)
    device_->device->table->destroySession(device_);
}

Status Session::create(bool profile, Fault &fault) {
  Device &device = model_.device();
  if (Status status =
          device.table->createSession(&device, profile, &device_, fault))
    return status;
  profiled_ = profile;
  bool hostVisible = hostView() != nullptr;
  const text::Tokenizer *tokenizer = model_.tokenizer();
  size_t step = tokenizer ? tokenizer->maxStepBytes() + 16 : 0;
  const Plan &plan = model_.bundle().plan;
  size_t said = 0;
  if (plan.entry(kSample))
    said = static_cast<size_t>(plan.history().bytes() / 4);
  if (!tokens_.allocate(capacity()) || !history_.allocate(said) ||
      !staging_.allocate(hostVisible ? 0 : model_.plan().vocab_size()) ||
      !stepText_.allocate(step) || !certainText_.allocate(step + kMaxStopBytes))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a session");
  return SINTER_OK;
}

Status Session::checkTokens(const int32_t *tokens, size_t count,
                            Fault &fault) const {
  if (!tokens || !count)
    return fault.set(SINTER_INVALID_ARGUMENT, "no tokens were given");
  if (count > capacity() - position_)
    return fault.set(SINTER_CONTEXT_FULL,
                     "%zu tokens do not fit: %u of %u tokens of context are in "
                     "use",
                     count, position_, capacity());
  auto vocab = static_cast<int64_t>(model_.plan().vocab_size());
  for (size_t i = 0; i < count; ++i)
    if (tokens[i] < 0 || tokens[i] >= vocab)
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "token %zu is %d, the vocabulary has %lld", i, tokens[i],
                       static_cast<long long>(vocab));
  return SINTER_OK;
}

Status Session::run(EntryId entry, int64_t count, int64_t row, Fault &fault) {
  sinter_scalars scalars = {count, position_, row};
  return device_->device->table->run(device_, entry, scalars, fault);
}

Status Session::prefill(const int32_t *tokens, size_t count, float *logits,
                        Fault &fault) {
  if (Status status = checkTokens(tokens, count, fault))
    return status;
  const DeviceTable &device = *device_->device->table;
  const Plan &plan = model_.bundle().plan;
  size_t vocab = model_.plan().vocab_size();
  while (count) {
    size_t chunk = model_.plan().chunk();
    chunk = count < chunk ? count : chunk;
    device.write(device_, plan.tokens(), tokens, chunk * sizeof(int32_t));
    lastRow_ = -1;
    logitsValid_ = false;
    // Kernels for prompts take several tokens at a time: one alone costs them
    // what a block does.
    if (Status status = run(chunk == 1 ? kDecode : kPrefill,
                            static_cast<int64_t>(chunk), 0, fault))
      return status;
    memcpy(tokens_.data() + position_, tokens, chunk * sizeof(int32_t));
    position_ += static_cast<uint32_t>(chunk);
    lastRow_ = static_cast<int64_t>(chunk) - 1;
    for (size_t row = 0; logits && row < chunk; ++row, logits += vocab) {
      if (Status status = computeLogits(static_cast<int64_t>(row), fault))
        return status;
      device.read(device_, plan.logits(), 0, logits, vocab * sizeof(float));
    }
    tokens += chunk;
    count -= chunk;
  }
  return SINTER_OK;
}

Status Session::decode(int32_t token, Fault &fault) {
  if (Status status = checkTokens(&token, 1, fault))
    return status;
  device_->device->table->write(device_, model_.bundle().plan.tokens(), &token,
                                sizeof(token));
  lastRow_ = -1;
  logitsValid_ = false;
  if (Status status = run(kDecode, 1, 0, fault))
    return status;
  tokens_[position_++] = token;
  lastRow_ = 0;
  return SINTER_OK;
}

Status Session::computeLogits(int64_t row, Fault &fault) {
  if (row < 0)
    return fault.set(SINTER_INVALID_STATE,
                     "the session has no last token to give logits for");
  if (row == lastRow_ && logitsValid_)
    return SINTER_OK;
  logitsValid_ = false;
  if (Status status = run(kHead, 1, row, fault))
    return status;
  logitsValid_ = row == lastRow_;
  return SINTER_OK;
}

Status Session::logits(float *out, Fault &fault) {
  if (Status status = computeLogits(lastRow_, fault))
    return status;
  device_->device->table->read(device_, model_.bundle().plan.logits(), 0, out,
                               model_.plan().vocab_size() * sizeof(float));
  return SINTER_OK;
}

const float *Session::hostView() {
  return static_cast<const float *>(
      device_->device->table->view(device_, model_.bundle().plan.logits()));
}

const float *Session::hostLogits() {
  if (const float *view = hostView())
    return view;
  device_->device->table->read(device_, model_.bundle().plan.logits(), 0,
                               staging_.data(),
                               staging_.size() * sizeof(float));
  return staging_.data();
}

Status Session::sampleOnDevice(Sampler *sampler, int32_t *token, Fault &fault) {
  const Plan &plan = model_.bundle().plan;
  const DeviceTable &device = *device_->device->table;
  float sampling[kSamplingSize] = {}; // of no temperature: the likeliest
  uint32_t said = sampler ? sampler->describe(sampling, history_.data()) : 0;
  device.write(device_, plan.sampling(), sampling, sizeof(sampling));
  if (said)
    device.write(device_, plan.history(), history_.data(),
                 said * sizeof(int32_t));
  if (Status status = run(kSample, 1, 0, fault))
    return status;
  int32_t chosen = -1;
  device.read(device_, plan.nextToken(), 0, &chosen, sizeof(chosen));
  if (chosen < 0 || static_cast<uint32_t>(chosen) >= model_.plan().vocab_size())
    return fault.set(SINTER_BAD_LOGITS,
                     "the model computed a logit that is NaN or infinite");
  *token = chosen;
  return SINTER_OK;
}

Status Session::chooseGreedily(int32_t *token, Fault &fault) {
  const Plan &plan = model_.bundle().plan;
  auto vocab = model_.plan().vocab_size();
  if (!plan.entry(kGreedy))
    return chooseLargest(hostLogits(), vocab, token, fault);
  if (Status status = run(kGreedy, 1, 0, fault))
    return status;
  const DeviceTable &device = *device_->device->table;
  int32_t chosen = -1;
  device.read(device_, plan.nextToken(), 0, &chosen, sizeof(chosen));
  float logit = 0;
  bool inside = chosen >= 0 && static_cast<uint32_t>(chosen) < vocab;
  if (inside)
    device.read(device_, plan.logits(),
                static_cast<uint64_t>(chosen) * sizeof(float), &logit,
                sizeof(logit));
  // Subtracting gives NaN for NaN and both infinities.
  if (!inside || !(logit - logit == 0))
    return fault.set(SINTER_BAD_LOGITS,
                     "the model computed a logit that is NaN or infinite");
  *token = chosen;
  return SINTER_OK;
}

Status Session::sample(Sampler *sampler, int32_t *token, Fault &fault) {
  if (Status status = computeLogits(lastRow_, fault))
    return status;
  bool greedy = !sampler || sampler->isGreedy();
  // The entry knows no biases, and penalties of so many tokens.
  bool fits =
      !sampler || (sampler->said() <= history_.size() && !sampler->hasBiases());
  // Where logits are not the host's, the entry `sample` also checks them.
  bool onDevice =
      model_.bundle().plan.entry(kSample) && fits && (!greedy || !hostView());
  if (!greedy && !onDevice)
    return sampler->sample(hostLogits(), token, fault);
  Status status = onDevice ? sampleOnDevice(sampler, token, fault)
                           : chooseGreedily(token, fault);
  if (status == SINTER_OK && sampler)
    sampler->accept(*token);
  return status;
}

Status Session::truncate(size_t position, Fault &fault) {
  if (position > position_)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "cannot truncate to %zu: the session holds %u tokens",
                     position, position_);
  if (position == position_)
    return SINTER_OK;
  position_ = static_cast<uint32_t>(position);
  lastRow_ = -1;
  logitsValid_ = false;
  return SINTER_OK;
}

namespace {
uint64_t weightBytesRead(const fb::Dispatch &dispatch) {
  uint64_t bytes = 0;
  if (const auto *bindings = dispatch.bindings())
    for (const fb::Range *range : *bindings)
      bytes += range->space() == fb::Space_weights ? range->bytes() : 0;
  return bytes;
}
const char *textOf(const flatbuffers::String *text) {
  return text ? text->c_str() : "";
}
} // namespace

void Session::profile(sinter_profile_callback callback, void *user,
                      bool reset) {
  const Plan &plan = model_.bundle().plan;
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    const fb::Entry *entry = plan.entry(EntryId(id));
    DispatchTime *times =
        entry ? device_->device->table->times(device_, EntryId(id)) : nullptr;
    for (uint32_t d = 0; times && d < entry->dispatches()->size(); ++d) {
      const fb::Dispatch &dispatch = *entry->dispatches()->Get(d);
      const fb::Kernel &kernel = *plan.root().kernels()->Get(dispatch.kernel());
      sinter_profile_row row = {Plan::entryName(EntryId(id)),
                                textOf(kernel.id()),
                                textOf(kernel.family()),
                                textOf(dispatch.layer()),
                                times[d].calls,
                                double(times[d].nanoseconds) * 1e-9,
                                weightBytesRead(dispatch),
                                double(times[d].lastBegin) * 1e-9};
      if (callback)
        callback(user, &row);
      if (reset)
        times[d] = {};
    }
  }
}

} // namespace sinter::rt
