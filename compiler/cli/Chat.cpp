// sinter chat BUNDLE: a conversation through the model's own chat template.
// Every turn renders the whole conversation; what the session already holds of
// it is not computed again.
#include "compiler/cli/Interrupts.h"
#include "compiler/cli/Reply.h"
#include "compiler/cli/SamplerFlags.h"
#include "compiler/support/Error.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  OpenFlags open;
  SamplerFlags sampler;
  std::string system;
  uint32_t count = 0;
};

class Conversation {
public:
  Conversation(const Arguments &arguments, const Globals &globals)
      : arguments(arguments), globals(globals),
        terminal(llvm::sys::Process::StandardInIsUserInput()) {}

  int run();

private:
  struct Message {
    const char *role;
    std::string content;
  };

  int open();
  bool readLine(std::string &line) const;
  int answer();
  int promptTokens(std::vector<int32_t> &tokens) const;
  int tokensThatFit(std::vector<int32_t> &tokens);
  bool forgetOldest();

  const Arguments &arguments;
  const Globals &globals;
  bool terminal;
  OpenModel model;
  OwnedSampler sampler;
  std::vector<Message> messages;
};
} // namespace

int Conversation::open() {
  if (int code = model.open(arguments.open, globals))
    return code;
  if (!model.info.chat_template || !model.info.has_tokenizer)
    return reportError(unsupportedError(
        "the bundle " + arguments.open.bundle + " has no " +
        (model.info.has_tokenizer ? "chat template: 'sinter run' continues "
                                    "plain text"
                                  : "tokenizer")));
  if (!arguments.system.empty())
    messages.push_back({"system", arguments.system});
  return sampler.create(model, arguments.sampler);
}

/// The next line of standard input without its end; false at the end.
bool Conversation::readLine(std::string &line) const {
  if (terminal)
    llvm::errs() << "> ";
  char *text = nullptr;
  size_t capacity = 0;
  ssize_t size = getline(&text, &capacity, stdin);
  line.assign(text ? text : "", size > 0 ? static_cast<size_t>(size) : 0);
  std::free(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.pop_back();
  return size >= 0;
}

int Conversation::promptTokens(std::vector<int32_t> &tokens) const {
  std::vector<sinter_chat_message> views;
  for (const Message &message : messages)
    views.push_back(
        {message.role, message.content.data(), message.content.size()});
  sinter_chat_params params = SINTER_CHAT_PARAMS_INIT;
  params.messages = views.data();
  params.message_count = views.size();
  sinter_error error = {};
  size_t count = 0;
  sinter_status status =
      sinter_tokenize_chat(model.model, &params, nullptr, 0, &count, &error);
  if (status == SINTER_BUFFER_TOO_SMALL) {
    tokens.resize(count);
    status = sinter_tokenize_chat(model.model, &params, tokens.data(),
                                  tokens.size(), &count, &error);
  }
  return status ? reportStatus(error) : 0;
}

/// Forgets the oldest question and its answer; false if there is only the
/// last question.
bool Conversation::forgetOldest() {
  size_t first = arguments.system.empty() ? 0 : 1;
  if (messages.size() < first + 3)
    return false;
  auto begin = messages.begin() + static_cast<ptrdiff_t>(first);
  messages.erase(begin, begin + 2);
  return true;
}

/// The conversation's tokens; its oldest turns are forgotten where a quarter
/// of the context, or what -n asks for, would not be left for the answer.
int Conversation::tokensThatFit(std::vector<int32_t> &tokens) {
  size_t context = model.info.context, room = context / 4;
  if (arguments.count)
    room = std::min<size_t>(room, arguments.count);
  bool forgot = false;
  while (true) {
    if (int code = promptTokens(tokens))
      return code;
    if (tokens.size() + room <= context || !forgetOldest())
      break;
    forgot = true;
  }
  if (forgot && !globals.quiet)
    llvm::WithColor::note(llvm::errs(), "sinter")
        << "the context is full: the oldest turns are forgotten\n";
  return 0;
}

int Conversation::answer() {
  std::vector<int32_t> tokens;
  if (int code = tokensThatFit(tokens))
    return code;
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_tokens = tokens.data();
  params.prompt_token_count = tokens.size();
  params.reuse_prefix = 1;
  params.max_tokens = arguments.count;
  params.sampler = sampler.sampler;
  Reply reply;
  InterruptScope interrupts;
  if (int code = reply.generate(model, params, globals))
    return code;
  if (globals.json)
    reply.printJson();
  else
    std::fputs("\n", stdout);
  std::fflush(stdout);
  if (globals.verbose)
    reply.printSpeed();
  messages.push_back({"assistant", std::move(reply.text)});
  // At a terminal the conversation goes on; whoever interrupts a pipe wants it
  // to end.
  bool cancelled = reply.result.finish_reason == SINTER_FINISH_CANCELLED;
  return cancelled && !terminal ? kExitInterrupted : kExitOk;
}

int Conversation::run() {
  if (int code = open())
    return code;
  std::string line;
  while (readLine(line)) {
    if (line.empty())
      continue;
    messages.push_back({"user", line});
    if (int code = answer())
      return code;
  }
  if (terminal)
    llvm::errs() << "\n";
  return kExitOk;
}

Runner cli::addChatCommand(CLI::App &app, const Globals &globals) {
  app.description("Talk with a model; each line of the input is a turn");
  auto arguments = std::make_shared<Arguments>();
  addOpenFlags(app, arguments->open);
  app.add_option("--system", arguments->system,
                 "What the model is told before the conversation");
  app.add_option("-n,--count", arguments->count,
                 "Most tokens of a reply; 0: until the model ends it");
  addSamplerFlags(app, arguments->sampler);
  return
      [arguments, &globals] { return Conversation(*arguments, globals).run(); };
}
