// sinter run BUNDLE -p TEXT
#include "compiler/cli/Interrupts.h"
#include "compiler/cli/SamplerFlags.h"
#include "compiler/cli/Session.h"
#include "compiler/support/Error.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cstdio>
#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  OpenFlags open;
  TextFlags text;
  SamplerFlags sampler;
  std::string tokens;
  uint32_t count = 128;
  bool ignoreEos = false;
};

/// Collects tokens; text goes to stdout as it comes, or into the JSON answer.
struct Output {
  bool json = false;
  std::vector<int32_t> tokens;
  std::string text;
};
} // namespace

static int onToken(void *user, int32_t token, const char *text, size_t bytes) {
  auto *output = static_cast<Output *>(user);
  if (token >= 0)
    output->tokens.push_back(token);
  if (output->json) {
    output->text.append(text, bytes);
  } else if (bytes) {
    std::fwrite(text, 1, bytes, stdout);
    std::fflush(stdout);
  }
  return interrupted();
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

static void printJson(const Output &output,
                      const sinter_generate_result &result) {
  llvm::json::Array tokens(output.tokens);
  llvm::outs() << llvm::formatv(
      "{0}\n",
      llvm::json::Value(llvm::json::Object{
          {"text", llvm::json::fixUTF8(output.text)},
          {"tokens", std::move(tokens)},
          {"finish_reason", finishName(result.finish_reason)},
          {"prompt_tokens", result.prompt_tokens},
          {"prefill_seconds", result.prefill_seconds},
          {"first_token_seconds", result.first_token_seconds},
          {"decode_seconds", result.decode_seconds},
          {"prefill_tokens_per_second",
           perSecond(result.prompt_tokens, result.prefill_seconds)},
          {"decode_tokens_per_second",
           perSecond(output.tokens.empty() ? 0.0 : output.tokens.size() - 1.0,
                     result.decode_seconds)}}));
}

static int run(const Arguments &arguments, const Globals &globals) {
  auto text = promptText(arguments.text);
  if (!text)
    return reportError(text.takeError());
  if (text->has_value() == !arguments.tokens.empty())
    return reportUsage("run needs one of -p TEXT, -f FILE and --tokens IDS");
  OpenModel open;
  if (int code = open.open(arguments.open, globals))
    return code;
  OwnedSampler sampler;
  if (int code = sampler.create(open, arguments.sampler))
    return code;
  // The person at the command line may write special tokens by name.
  auto tokens = text->has_value()
                    ? tokenizeText(open.model, **text,
                                   SINTER_TOKENIZE_ADD_SPECIAL |
                                       SINTER_TOKENIZE_PARSE_SPECIAL)
                    : parseTokens(arguments.tokens);
  if (!tokens)
    return reportError(tokens.takeError());
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_tokens = tokens->data();
  params.prompt_token_count = tokens->size();
  params.max_tokens = arguments.count;
  params.ignore_eos = arguments.ignoreEos;
  params.sampler = sampler.sampler;
  Output output;
  output.json = globals.json;
  sinter_generate_result result = SINTER_GENERATE_RESULT_INIT;
  sinter_error error = {};
  InterruptScope interrupts;
  if (sinter_generate(open.session, &params, onToken, &output, &result, &error))
    return reportStatus(error);
  if (globals.json)
    printJson(output, result);
  else
    std::fputs(open.info.has_tokenizer ? "\n" : "", stdout);
  if (!globals.json && !open.info.has_tokenizer)
    llvm::outs() << llvm::formatv(
        "{0}\n", llvm::make_range(output.tokens.begin(), output.tokens.end()));
  if (globals.verbose)
    llvm::errs() << llvm::formatv(
        "prompt {0} tokens, {1:F1} tok/s; {2} tokens, {3:F1} tok/s; first "
        "token after {4:F0} ms\n",
        result.prompt_tokens,
        perSecond(result.prompt_tokens, result.prefill_seconds),
        output.tokens.size(),
        perSecond(output.tokens.size(), result.decode_seconds),
        result.first_token_seconds * 1e3);
  return result.finish_reason == SINTER_FINISH_CANCELLED ? kExitInterrupted
                                                         : kExitOk;
}

Runner cli::addRunCommand(CLI::App &app, const Globals &globals) {
  app.description("Continue a text");
  auto arguments = std::make_shared<Arguments>();
  addOpenFlags(app, arguments->open);
  addTextFlags(app, arguments->text);
  app.add_option("--tokens", arguments->tokens, "Token ids: 1,2,3");
  app.add_option("-n,--count", arguments->count,
                 "Most tokens to make; 0: until the context is full");
  addSamplerFlags(app, arguments->sampler);
  app.add_flag("--ignore-eos", arguments->ignoreEos,
               "Go on after the model's end token");
  return [arguments, &globals] { return run(*arguments, globals); };
}
