// Generate.cpp: the loop of sinter_generate. Besides the encoding of a prompt
// that is given as text nothing is allocated.
#include "runtime/core/Generate.h"
#include "runtime/core/Clock.h"

namespace sinter::rt {

namespace {

double secondsSince(uint64_t start) {
  return double(monotonicNanoseconds() - start) * 1e-9;
}

class Generation {
public:
  Generation(Session &session, const sinter_generate_params &params,
             Sampler *sampler, sinter_token_callback callback, void *user,
             sinter_generate_result &result, Fault &fault)
      : session_(session), params_(params), sampler_(sampler),
        callback_(callback), user_(user), result_(result), fault_(fault) {}

  Status run() {
    start_ = monotonicNanoseconds();
    if (Status status = check())
      return status;
    if (Status status = prompt())
      return status;
    startText();
    result_.prefill_seconds = secondsSince(start_);
    acceptHistory();
    uint64_t loop = 0;
    Status status = SINTER_OK;
    while (result_.finish_reason == SINTER_FINISH_NONE) {
      if ((status = step()))
        break;
      if (!loop) {
        loop = monotonicNanoseconds();
        result_.first_token_seconds = secondsSince(start_);
      }
    }
    flush();
    result_.decode_seconds = loop ? secondsSince(loop) : 0;
    return status;
  }

private:
  Status check() {
    if (params_.stop_token_count && !params_.stop_tokens)
      return fault_.set(SINTER_INVALID_ARGUMENT, "stop_tokens is null");
    if (params_.stop_string_count && !session_.model().tokenizer())
      return fault_.set(SINTER_INVALID_STATE,
                        "stop strings need a bundle with a tokenizer");
    return session_.stopMatcher().start(params_.stop_strings,
                                        params_.stop_string_count, fault_);
  }

  Status prompt() {
    if (params_.prompt_tokens)
      return promptTokens(params_.prompt_tokens, params_.prompt_token_count);
    if (!params_.prompt_text)
      return promptTokens(nullptr, 0);
    if (!session_.model().tokenizer())
      return fault_.set(SINTER_INVALID_STATE,
                        "the bundle has no tokenizer; give tokens");
    text::Encoder encoder(*session_.model().tokenizer());
    bool whole = params_.reuse_prefix || session_.position() == 0;
    uint32_t flags =
        whole ? SINTER_TOKENIZE_ADD_SPECIAL : SINTER_TOKENIZE_PLAIN;
    if (Status status =
            encodeText(encoder, session_.model(), params_.prompt_text,
                       params_.prompt_text_bytes, flags, fault_))
      return status;
    static_assert(sizeof(uint32_t) == sizeof(int32_t), "same words");
    return promptTokens(reinterpret_cast<const int32_t *>(encoder.ids()),
                        encoder.count());
  }

  /// What follows text goes on from it: a SentencePiece token keeps its leading
  /// space, unless it is the first of a text, after nothing or a special token.
  void startText() {
    const text::Tokenizer *tokenizer = session_.model().tokenizer();
    uint32_t position = session_.position();
    bool follows = tokenizer && position > 0 &&
                   !tokenizer->isSpecial(
                       static_cast<uint32_t>(session_.tokens()[position - 1]));
    session_.detokenizer().reset(follows, params_.special_text == 0);
  }

  Status promptTokens(const int32_t *tokens, size_t count) {
    size_t reused = params_.reuse_prefix ? reusable(tokens, count) : 0;
    result_.reused_tokens = static_cast<uint32_t>(reused);
    result_.prompt_tokens = static_cast<uint32_t>(count);
    if (params_.reuse_prefix)
      if (Status status = session_.truncate(reused, fault_))
        return status;
    if (count == reused && session_.hasLast())
      return SINTER_OK;
    if (count == reused)
      return fault_.set(SINTER_INVALID_STATE,
                        "the prompt is empty and the session has no last token "
                        "to go on from");
    return session_.prefill(tokens + reused, count - reused, nullptr, fault_);
  }

  /// Tokens at the prompt's beginning that need not be computed: at least one
  /// remains, for its logits, unless these are there.
  size_t reusable(const int32_t *tokens, size_t count) const {
    size_t held = session_.position(), same = 0;
    while (same < count && same < held &&
           tokens[same] == session_.tokens()[same])
      ++same;
    bool complete = same == count && same == held && session_.hasLast();
    return same == count && same && !complete ? same - 1 : same;
  }

  void acceptHistory() {
    if (!sampler_)
      return;
    sampler_->forget();
    for (uint32_t i = 0; i < session_.position(); ++i)
      sampler_->accept(session_.tokens()[i]);
  }

  bool isStopToken(int32_t token) const {
    for (size_t i = 0; i < params_.stop_token_count; ++i)
      if (params_.stop_tokens[i] == token)
        return true;
    return false;
  }

  /// Chooses a token and hands it on; then runs it, unless it was the last.
  Status step() {
    int32_t token = -1;
    if (Status status = session_.sample(sampler_, &token, fault_))
      return status;
    bool eos = !params_.ignore_eos && session_.model().isEos(token);
    if (eos || isStopToken(token)) {
      result_.stop_token = token;
      result_.finish_reason =
          eos ? SINTER_FINISH_EOS : SINTER_FINISH_STOP_TOKEN;
      return SINTER_OK;
    }
    ++result_.generated_tokens;
    if (Status status = emit(token))
      return status;
    if (result_.finish_reason != SINTER_FINISH_NONE)
      return SINTER_OK;
    if (result_.generated_tokens == params_.max_tokens)
      result_.finish_reason = SINTER_FINISH_LENGTH;
    else if (session_.position() == session_.capacity())
      result_.finish_reason = SINTER_FINISH_CONTEXT_FULL;
    else
      return session_.decode(token, fault_);
    return SINTER_OK;
  }

  Status emit(int32_t token) {
    size_t bytes = 0, certain = 0;
    char *out = session_.certainText().as<char>();
    if (session_.model().tokenizer()) {
      Buffer &step = session_.stepText();
      if (Status status = textFault(
              session_.detokenizer().push(static_cast<uint32_t>(token),
                                          step.data(), step.size(), bytes),
              fault_))
        return status;
      int32_t found =
          session_.stopMatcher().push(step.as<char>(), bytes, out, certain);
      if (found >= 0) {
        result_.stop_string = found;
        result_.finish_reason = SINTER_FINISH_STOP_STRING;
      }
    }
    return call(token, out, certain);
  }

  Status call(int32_t token, const char *text, size_t bytes) {
    if (callback_ && callback_(user_, token, bytes ? text : "", bytes) &&
        result_.finish_reason == SINTER_FINISH_NONE)
      result_.finish_reason = SINTER_FINISH_CANCELLED;
    return SINTER_OK;
  }

  /// Text that was held back belongs to the reply, unless a stop string ended
  /// it.
  void flush() {
    if (!session_.model().tokenizer() ||
        result_.finish_reason == SINTER_FINISH_STOP_STRING)
      return;
    Buffer &step = session_.stepText();
    char *out = session_.certainText().as<char>();
    size_t bytes = 0, certain = 0, held = 0;
    if (session_.detokenizer().finish(step.data(), step.size(), bytes) !=
        text::Status::Ok)
      return;
    if (session_.stopMatcher().push(step.as<char>(), bytes, out, certain) < 0)
      session_.stopMatcher().finish(out + certain, held);
    if (certain + held)
      (void)call(-1, out, certain + held);
  }

  Session &session_;
  const sinter_generate_params &params_;
  Sampler *sampler_;
  sinter_token_callback callback_;
  void *user_;
  sinter_generate_result &result_;
  Fault &fault_;
  uint64_t start_ = 0;
};

} // namespace

Status encodeText(text::Encoder &encoder, const Model &model, const char *text,
                  size_t bytes, uint32_t flags, Fault &fault) {
  if (Status status = textFault(encoder.encode(text, bytes, flags), fault))
    return status;
  return checkTokens(encoder, model, fault);
}

Status checkTokens(const text::Encoder &encoder, const Model &model,
                   Fault &fault) {
  // The tokenizer may know more tokens than the model has rows for.
  uint32_t vocab = model.plan().vocab_size();
  for (size_t i = 0; i < encoder.count(); ++i)
    if (encoder.ids()[i] >= vocab)
      return fault.set(SINTER_CORRUPT,
                       "the text needs token %u, the model has %u",
                       encoder.ids()[i], vocab);
  return SINTER_OK;
}

Status generate(Session &session, const sinter_generate_params &params,
                Sampler *sampler, sinter_token_callback callback, void *user,
                sinter_generate_result &result, Fault &fault) {
  return Generation(session, params, sampler, callback, user, result, fault)
      .run();
}

} // namespace sinter::rt
