// Session.h: the plan executor of one conversation: splits tokens into chunks,
// runs entry points, keeps the position in the KV cache and the tokens in it.
#ifndef SINTER_RUNTIME_CORE_SESSION_H
#define SINTER_RUNTIME_CORE_SESSION_H

#include "runtime/core/Model.h"
#include "runtime/core/Sampler.h"
#include "runtime/core/StopMatcher.h"

namespace sinter::rt {

class Session {
public:
  explicit Session(const Model &model)
      : model_(model), detokenizer_(model.anyTokenizer()) {}
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session();
  [[nodiscard]] Status create(bool profile, Fault &fault);

  const Model &model() const { return model_; }
  uint32_t position() const { return position_; }
  uint32_t capacity() const { return model_.plan().context(); }
  /// position() tokens.
  const int32_t *tokens() const { return tokens_.data(); }
  /// True when logits of the last token can be asked for.
  bool hasLast() const { return lastRow_ >= 0; }

  /// logits: null, or [count, vocab].
  [[nodiscard]] Status prefill(const int32_t *tokens, size_t count,
                               float *logits, Fault &fault);
  [[nodiscard]] Status decode(int32_t token, Fault &fault);
  /// [vocab], of the last token.
  [[nodiscard]] Status logits(float *out, Fault &fault);
  /// sampler null: the likeliest.
  [[nodiscard]] Status sample(Sampler *sampler, int32_t *token, Fault &fault);
  [[nodiscard]] Status truncate(size_t position, Fault &fault);
  void profile(sinter_profile_callback callback, void *user, bool reset);
  bool isProfiled() const { return profiled_; }

  /// Working memory of Generate, made with the session.
  text::Detokenizer &detokenizer() { return detokenizer_; }
  StopMatcher &stopMatcher() { return stopMatcher_; }
  /// One step's text from the detokenizer, and what the stop matcher lets
  /// through.
  Buffer &stepText() { return stepText_; }
  Buffer &certainText() { return certainText_; }

private:
  [[nodiscard]] Status checkTokens(const int32_t *tokens, size_t count,
                                   Fault &fault) const;
  [[nodiscard]] Status run(EntryId entry, int64_t count, int64_t row,
                           Fault &fault);
  /// Makes the logits of a row of `hidden` the current ones.
  [[nodiscard]] Status computeLogits(int64_t row, Fault &fault);
  /// Chooses with the entry `sample`; sampler null: the likeliest.
  [[nodiscard]] Status sampleOnDevice(Sampler *sampler, int32_t *token,
                                      Fault &fault);
  [[nodiscard]] Status chooseGreedily(int32_t *token, Fault &fault);
  /// `logits` where the host can read device memory, else null.
  const float *hostView();
  /// The current logits in host memory.
  const float *hostLogits();

  const Model &model_;
  DeviceSession *device_ = nullptr;
  Array<int32_t> tokens_;
  Array<int32_t> history_; // what the device is to penalise
  Array<float> staging_;   // logits, for devices whose memory is not the host's
  uint32_t position_ = 0;
  int64_t lastRow_ = -1;     // of `hidden`: the last token's
  bool logitsValid_ = false; // `logits` are the last token's
  bool profiled_ = false;
  text::Detokenizer detokenizer_;
  StopMatcher stopMatcher_;
  Buffer stepText_, certainText_;
};

} // namespace sinter::rt
#endif
