// sinter run BUNDLE -p TEXT
#include "compiler/cli/Interrupts.h"
#include "compiler/cli/Reply.h"
#include "compiler/cli/SamplerFlags.h"
#include "compiler/support/Error.h"

#include "llvm/Support/FormatVariadic.h"

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
} // namespace

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
  Reply reply;
  InterruptScope interrupts;
  if (int code = reply.generate(open, params, globals))
    return code;
  if (globals.json)
    reply.printJson();
  else
    std::fputs(open.info.has_tokenizer ? "\n" : "", stdout);
  if (!globals.json && !open.info.has_tokenizer)
    llvm::outs() << llvm::formatv(
        "{0}\n", llvm::make_range(reply.tokens.begin(), reply.tokens.end()));
  if (globals.verbose)
    reply.printSpeed();
  return reply.result.finish_reason == SINTER_FINISH_CANCELLED
             ? kExitInterrupted
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
