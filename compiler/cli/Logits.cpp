// sinter logits BUNDLE --tokens 1,2,3 -o L.npy
#include "compiler/cli/Session.h"
#include "compiler/support/Error.h"

#include "llvm/Support/FormatVariadic.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  OpenFlags open;
  std::string tokens, output;
  bool stepwise = false;
};
} // namespace

/// NumPy's format, version 1.0: magic, header length, a literal dictionary
/// padded to 64 bytes, data.
static int writeNpy(const std::string &path, const std::vector<float> &values,
                    size_t rows, size_t columns) {
  std::string header = llvm::formatv(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({0}, {1}), }", rows,
      columns);
  while ((10 + header.size() + 1) % 64)
    header += ' ';
  header += '\n';
  std::error_code code;
  llvm::raw_fd_ostream out(path, code);
  if (code)
    return reportError(resourceError("cannot write " + llvm::Twine(path) +
                                     ": " + code.message()));
  out << llvm::StringRef("\x93NUMPY\x01\x00", 8)
      << static_cast<char>(header.size() & 0xff)
      << static_cast<char>(header.size() >> 8) << header;
  out.write(reinterpret_cast<const char *>(values.data()), values.size() * 4);
  out.close();
  if (!out.has_error())
    return kExitOk;
  code = out.error();
  out.clear_error();
  return reportError(resourceError("cannot write " + llvm::Twine(path) + ": " +
                                   code.message()));
}

/// Every position through the decode path, one token at a time.
static sinter_status stepwise(OpenModel &open,
                              const std::vector<int32_t> &tokens,
                              std::vector<float> &logits, sinter_error *error) {
  size_t vocab = open.info.vocab_size;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (sinter_status status =
            sinter_session_decode(open.session, tokens[i], error))
      return status;
    if (sinter_status status = sinter_session_logits(
            open.session, logits.data() + i * vocab, vocab, error))
      return status;
  }
  return SINTER_OK;
}

static int run(const Arguments &arguments, const Globals &globals) {
  auto tokens = parseTokens(arguments.tokens);
  if (!tokens)
    return reportError(tokens.takeError());
  if (tokens->empty())
    return reportUsage("logits needs --tokens IDS");
  OpenModel open;
  if (int code = open.open(arguments.open, globals))
    return code;
  std::vector<float> logits(tokens->size() * open.info.vocab_size);
  sinter_error error = {};
  sinter_status status = arguments.stepwise
                             ? stepwise(open, *tokens, logits, &error)
                             : sinter_session_prefill_logits(
                                   open.session, tokens->data(), tokens->size(),
                                   logits.data(), logits.size(), &error);
  if (status)
    return reportStatus(error);
  return writeNpy(arguments.output, logits, tokens->size(),
                  open.info.vocab_size);
}

Runner cli::addLogitsCommand(CLI::App &app, const Globals &globals) {
  app.description("Write the logits after every token, float32 [T, V]");
  auto arguments = std::make_shared<Arguments>();
  addOpenFlags(app, arguments->open);
  app.add_option("--tokens", arguments->tokens, "Token ids: 1,2,3")->required();
  app.add_option("-o,--output", arguments->output, "The .npy file")->required();
  app.add_flag("--stepwise", arguments->stepwise,
               "One token at a time, through the decode path");
  return [arguments, &globals] { return run(*arguments, globals); };
}
