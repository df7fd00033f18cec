// ApiSession.cpp: the part of sinter.h about sessions, samplers and generation:
// checks of handles and arguments, then a call into Session, Sampler or
// Generate.
#include "runtime/core/Api.h"
#include "runtime/core/Generate.h"

using namespace sinter::rt;

namespace {

/// Keeps a model in use for an object that is being made; keep() makes it last.
class ModelHold {
public:
  explicit ModelHold(const sinter_model *model)
      : handle_(reinterpret_cast<uintptr_t>(model)) {
    void *object = nullptr;
    status = handleAcquire(handle_, HandleKind::Model, false, &object);
    model_ = static_cast<Model *>(object);
  }
  ~ModelHold() {
    if (status == SINTER_OK && !kept_)
      handleRelease(handle_, false);
  }
  ModelHold(const ModelHold &) = delete;
  ModelHold &operator=(const ModelHold &) = delete;
  void keep() { kept_ = true; }
  uintptr_t handle() const { return handle_; }
  const Model &model() const { return *model_; }
  [[nodiscard]] Status report(Fault &fault) const {
    return fault.set(status, status == SINTER_BUSY
                                 ? "the model is being closed"
                                 : "the model's handle is null, closed or of "
                                   "another kind");
  }
  Status status;

private:
  uintptr_t handle_;
  Model *model_ = nullptr;
  bool kept_ = false;
};

/// A sampler that may be absent.
class OptionalSampler {
public:
  explicit OptionalSampler(sinter_sampler *sampler)
      : given_(sampler != nullptr), use_(sampler) {}
  [[nodiscard]] Status check(const Session &session, Fault &fault) {
    if (!given_)
      return SINTER_OK;
    if (use_.status)
      return use_.report(fault);
    if (use_->object.vocabSize() != session.model().plan().vocab_size())
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "the sampler was made for another model");
    return SINTER_OK;
  }
  Sampler *get() { return given_ ? &use_->object : nullptr; }

private:
  bool given_;
  SamplerUse use_;
};

} // namespace

extern "C" sinter_status
sinter_session_create(sinter_model *model,
                      const sinter_session_options *options,
                      sinter_session **session, sinter_error *error) {
  Fault fault(error);
  if (!session)
    return fault.set(SINTER_INVALID_ARGUMENT, "session is null");
  *session = nullptr;
  sinter_session_options known = SINTER_SESSION_OPTIONS_INIT;
  if (Status status =
          readOptions(options, known, "sinter_session_options", fault))
    return status;
  ModelHold hold(model);
  if (hold.status)
    return hold.report(fault);
  Owner<Kept<Session>> made(
      createObject<Kept<Session>>(hold.handle(), hold.model()));
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a session");
  if (Status status = made->object.create(known.profile != 0, fault))
    return status;
  if (Status status = publish(made, HandleKind::Session, session, fault))
    return status;
  hold.keep();
  return SINTER_OK;
}

extern "C" sinter_status sinter_session_destroy(sinter_session *session) {
  return closeKept<Session>(session, HandleKind::Session);
}

extern "C" sinter_status sinter_session_prefill(sinter_session *session,
                                                const int32_t *tokens,
                                                size_t count,
                                                sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  return use->object.prefill(tokens, count, nullptr, fault);
}

extern "C" sinter_status
sinter_session_prefill_logits(sinter_session *session, const int32_t *tokens,
                              size_t count, float *logits, size_t logit_count,
                              sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  uint64_t needed = 0;
  if (!logits ||
      !checkedMul(count, use->object.model().plan().vocab_size(), needed) ||
      logit_count != needed)
    return fault.set(
        SINTER_INVALID_ARGUMENT,
        "logit_count is %zu, it must be the number of tokens times "
        "the vocabulary's size",
        logit_count);
  return use->object.prefill(tokens, count, logits, fault);
}

extern "C" sinter_status sinter_session_decode(sinter_session *session,
                                               int32_t token,
                                               sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  return use->object.decode(token, fault);
}

extern "C" sinter_status sinter_session_logits(sinter_session *session,
                                               float *logits,
                                               size_t logit_count,
                                               sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  uint32_t vocab = use->object.model().plan().vocab_size();
  if (!logits || logit_count != vocab)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "logit_count is %zu, the vocabulary has %u", logit_count,
                     vocab);
  return use->object.logits(logits, fault);
}

extern "C" sinter_status sinter_session_sample(sinter_session *session,
                                               sinter_sampler *sampler,
                                               int32_t *token,
                                               sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  if (!token)
    return fault.set(SINTER_INVALID_ARGUMENT, "token is null");
  OptionalSampler optional(sampler);
  if (Status status = optional.check(use->object, fault))
    return status;
  return use->object.sample(optional.get(), token, fault);
}

extern "C" sinter_status sinter_session_position(const sinter_session *session,
                                                 size_t *position) {
  SessionUse use(session);
  if (use.status)
    return use.status;
  if (!position)
    return SINTER_INVALID_ARGUMENT;
  *position = use->object.position();
  return SINTER_OK;
}

extern "C" sinter_status sinter_session_tokens(const sinter_session *session,
                                               int32_t *tokens, size_t capacity,
                                               size_t *count) {
  SessionUse use(session);
  if (use.status)
    return use.status;
  if (!count || (!tokens && capacity))
    return SINTER_INVALID_ARGUMENT;
  *count = use->object.position();
  if (capacity < *count)
    return SINTER_BUFFER_TOO_SMALL;
  if (*count)
    memcpy(tokens, use->object.tokens(), *count * sizeof(int32_t));
  return SINTER_OK;
}

extern "C" sinter_status sinter_session_truncate(sinter_session *session,
                                                 size_t position,
                                                 sinter_error *error) {
  Fault fault(error);
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  return use->object.truncate(position, fault);
}

extern "C" sinter_status
sinter_session_profile(sinter_session *session,
                       sinter_profile_callback callback, void *user,
                       int reset) {
  SessionUse use(session);
  if (use.status)
    return use.status;
  if (!use->object.isProfiled())
    return SINTER_INVALID_STATE;
  use->object.profile(callback, user, reset != 0);
  return SINTER_OK;
}

extern "C" sinter_status
sinter_sampler_create(sinter_model *model, const sinter_sampler_params *params,
                      sinter_sampler **sampler, sinter_error *error) {
  Fault fault(error);
  if (!sampler)
    return fault.set(SINTER_INVALID_ARGUMENT, "sampler is null");
  *sampler = nullptr;
  ModelHold hold(model);
  if (hold.status)
    return hold.report(fault);
  sinter_sampler_params known = SINTER_SAMPLER_PARAMS_INIT;
  if (!params)
    known = hold.model().bundle().manifest.sampling;
  if (Status status =
          readOptions(params, known, "sinter_sampler_params", fault))
    return status;
  if (Status status = checkSamplerParams(known, fault))
    return status;
  Owner<Kept<Sampler>> made(createObject<Kept<Sampler>>(hold.handle()));
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a sampler");
  if (Status status =
          made->object.create(known, hold.model().plan().vocab_size(), fault))
    return status;
  if (Status status = publish(made, HandleKind::Sampler, sampler, fault))
    return status;
  hold.keep();
  return SINTER_OK;
}

extern "C" sinter_status sinter_sampler_destroy(sinter_sampler *sampler) {
  return closeKept<Sampler>(sampler, HandleKind::Sampler);
}

extern "C" sinter_status sinter_sampler_reset(sinter_sampler *sampler,
                                              uint64_t seed) {
  SamplerUse use(sampler);
  if (use.status)
    return use.status;
  use->object.reset(seed);
  return SINTER_OK;
}

extern "C" sinter_status
sinter_sampler_set_biases(sinter_sampler *sampler,
                          const sinter_logit_bias *biases, size_t count,
                          sinter_error *error) {
  Fault fault(error);
  SamplerUse use(sampler);
  if (use.status)
    return use.report(fault);
  return use->object.setBiases(biases, count, fault);
}

extern "C" sinter_status sinter_sampler_accept(sinter_sampler *sampler,
                                               int32_t token) {
  SamplerUse use(sampler);
  if (use.status)
    return use.status;
  if (token < 0 || static_cast<uint32_t>(token) >= use->object.vocabSize())
    return SINTER_INVALID_ARGUMENT;
  use->object.accept(token);
  return SINTER_OK;
}

extern "C" sinter_status
sinter_sampler_sample(sinter_sampler *sampler, const float *logits,
                      size_t logit_count, int32_t *token, sinter_error *error) {
  Fault fault(error);
  SamplerUse use(sampler);
  if (use.status)
    return use.report(fault);
  if (!logits || !token || logit_count != use->object.vocabSize())
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "logits or token is null, or logit_count is not the "
                     "vocabulary's size (%u)",
                     use->object.vocabSize());
  return use->object.sample(logits, token, fault);
}

extern "C" sinter_status
sinter_generate(sinter_session *session, const sinter_generate_params *params,
                sinter_token_callback callback, void *user,
                sinter_generate_result *result, sinter_error *error) {
  Fault fault(error);
  sinter_generate_result filled = SINTER_GENERATE_RESULT_INIT;
  if (result && !writeResult(filled, result))
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "the result's struct_size makes no sense; use the _INIT "
                     "macro");
  SessionUse use(session);
  if (use.status)
    return use.report(fault);
  sinter_generate_params known = SINTER_GENERATE_PARAMS_INIT;
  if (!params)
    return fault.set(SINTER_INVALID_ARGUMENT, "params is null");
  if (Status status =
          readOptions(params, known, "sinter_generate_params", fault))
    return status;
  OptionalSampler optional(known.sampler);
  if (Status status = optional.check(use->object, fault))
    return status;
  Status status = generate(use->object, known, optional.get(), callback, user,
                           filled, fault);
  if (result)
    (void)writeResult(filled, result);
  return status;
}
