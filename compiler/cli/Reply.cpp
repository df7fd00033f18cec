// See Reply.h.
#include "compiler/cli/Reply.h"

#include "compiler/cli/Interrupts.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cstdio>

using namespace sinter;
using namespace sinter::cli;

namespace {
/// Where the tokens of a generation go.
struct Sink {
  Reply &reply;
  bool print;
};
} // namespace

static int onToken(void *user, int32_t token, const char *text, size_t bytes) {
  auto *sink = static_cast<Sink *>(user);
  if (token >= 0)
    sink->reply.tokens.push_back(token);
  sink->reply.text.append(text, bytes);
  if (sink->print && bytes) {
    std::fwrite(text, 1, bytes, stdout);
    std::fflush(stdout);
  }
  return interrupted();
}

int Reply::generate(const OpenModel &open, const sinter_generate_params &params,
                    const Globals &globals) {
  Sink sink{*this, !globals.json};
  sinter_error error = {};
  if (sinter_generate(open.session, &params, onToken, &sink, &result, &error))
    return reportStatus(error);
  return 0;
}

static llvm::StringRef finishName(sinter_finish_reason reason) {
  switch (reason) {
  case SINTER_FINISH_EOS:
    return "eos";
  case SINTER_FINISH_STOP_TOKEN:
  case SINTER_FINISH_STOP_STRING:
    return "stop";
  case SINTER_FINISH_LENGTH:
    return "length";
  case SINTER_FINISH_CONTEXT_FULL:
    return "context";
  case SINTER_FINISH_CANCELLED:
    return "cancelled";
  case SINTER_FINISH_NONE:
    break;
  }
  return "none";
}

static double perSecond(double count, double seconds) {
  return seconds > 0 ? count / seconds : 0;
}

/// Only what was computed counts.
static double prefillSpeed(const sinter_generate_result &result) {
  return perSecond(result.prompt_tokens - result.reused_tokens,
                   result.prefill_seconds);
}

/// The first token comes with the prompt.
static double decodeSpeed(size_t tokens, const sinter_generate_result &result) {
  return perSecond(tokens ? static_cast<double>(tokens - 1) : 0,
                   result.decode_seconds);
}

void Reply::printJson() const {
  llvm::outs() << llvm::formatv(
      "{0}\n",
      llvm::json::Value(llvm::json::Object{
          {"text", llvm::json::fixUTF8(text)},
          {"tokens", llvm::json::Array(tokens)},
          {"finish_reason", finishName(result.finish_reason)},
          {"prompt_tokens", result.prompt_tokens},
          {"reused_tokens", result.reused_tokens},
          {"prefill_seconds", result.prefill_seconds},
          {"first_token_seconds", result.first_token_seconds},
          {"decode_seconds", result.decode_seconds},
          {"prefill_tokens_per_second", prefillSpeed(result)},
          {"decode_tokens_per_second", decodeSpeed(tokens.size(), result)}}));
  llvm::outs().flush();
}

void Reply::printSpeed() const {
  llvm::errs() << llvm::formatv(
      "prompt {0} tokens ({1} kept), {2:F1} tok/s; {3} tokens, {4:F1} tok/s; "
      "first token after {5:F0} ms\n",
      result.prompt_tokens, result.reused_tokens, prefillSpeed(result),
      tokens.size(), decodeSpeed(tokens.size(), result),
      result.first_token_seconds * 1e3);
}
