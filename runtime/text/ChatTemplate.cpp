//===- ChatTemplate.cpp - See ChatTemplate.h -----------------------------===//
//
// Builds the variables that transformers' apply_chat_template gives a template
// and runs it. Reads source, messages and JSON in place.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/ChatTemplate.h"
#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {

const char *chars(Bytes bytes) {
  return reinterpret_cast<const char *>(bytes.data);
}

/// Variables from the input.
class Variables {
public:
  Variables(Machine &machine, const ChatInput &input)
      : machine(machine), input(input), all(machine.newDict()) {}

  const Dict *build() {
    set("messages", messages());
    set("tools", tools());
    set("documents", Value::none());
    set("add_generation_prompt", Value::boolean(input.addGenerationPrompt));
    setToken("bos_token", input.bosToken);
    setToken("eos_token", input.eosToken);
    setToken("unk_token", input.unkToken);
    setToken("pad_token", input.padToken);
    addVariables();
    return machine.failed() ? nullptr : all.dict;
  }

private:
  void set(const char *name, Value value) {
    machine.set(all.dict, Value::string(name), value);
  }
  void setToken(const char *name, Bytes text) {
    if (text.size)
      set(name, Value::string(chars(text), text.size, kTemplate));
  }
  Value given(Bytes text) {
    if (text.size > machine.limits.outputBytes)
      machine.fail(RenderStatus::LimitReached, "a message is too long");
    return Value::string(chars(text), text.size, kInput);
  }
  Value wrongKind(const char *what, const char *wanted) {
    machine.fail(RenderStatus::BadInput, what, Value::string(wanted), "");
    return Value();
  }

  Value messages() {
    if (input.messagesJson.size) {
      Value v = machine.parseJson(chars(input.messagesJson),
                                  input.messagesJson.size, "messages");
      return v.isList() ? v : wrongKind("messages are ", "no array");
    }
    Value list = machine.newList(kList);
    for (size_t i = 0; i < input.messageCount && machine.step(); ++i) {
      Value one = machine.newDict();
      machine.set(one.dict, Value::string("role"),
                  given(input.messages[i].role));
      machine.set(one.dict, Value::string("content"),
                  given(input.messages[i].content));
      machine.push(list.list, one);
    }
    return list;
  }

  Value tools() {
    if (!input.toolsJson.size)
      return Value::none();
    Value v = machine.parseJson(chars(input.toolsJson), input.toolsJson.size,
                                "tools");
    return v.isList() ? v : wrongKind("tools are ", "no array");
  }

  void addVariables() {
    if (!input.variablesJson.size)
      return;
    Value v = machine.parseJson(chars(input.variablesJson),
                                input.variablesJson.size, "variables");
    if (!v.isDict()) {
      wrongKind("variables are ", "no object");
      return;
    }
    for (uint32_t i = 0; i < v.dict->size && !machine.failed(); ++i)
      machine.set(all.dict, v.dict->pairs[i].key, v.dict->pairs[i].value);
  }

  Machine &machine;
  const ChatInput &input;
  Value all;
};

/// The source with "\n" for every end of a line, as Jinja sees it.
const char *withPlainLines(Machine &machine, const char *source, size_t &size) {
  if (!size || !memchr(source, '\r', size))
    return source;
  auto *copy = static_cast<char *>(machine.allocate(size));
  size_t used = 0;
  for (size_t i = 0; copy && i < size; ++i) {
    if (source[i] == '\r' && i + 1 < size && source[i + 1] == '\n')
      continue;
    copy[used++] = source[i] == '\r' ? '\n' : source[i];
  }
  size = copy ? used : 0;
  return copy;
}

} // namespace

RenderStatus ChatTemplate::render(const char *source, size_t size,
                                  const ChatInput &input,
                                  const RenderLimits &limits) {
  Machine machine(limits);
  output.clear();
  ranges.clear();
  if (size > limits.outputBytes)
    machine.fail(RenderStatus::LimitReached, "the template is too long");
  else
    source = withPlainLines(machine, source, size);
  const Dict *variables = Variables(machine, input).build();
  Buffer<Token> tokens;
  if (!machine.failed())
    tokenize(machine, source, size, tokens);
  Node *statements = parseTemplate(machine, tokens);
  if (!machine.failed())
    Interpreter(machine, input.now).run(statements, variables);

  size_t length = machine.text.size();
  if (!machine.failed() && !output.append(machine.text.data(), length))
    machine.fail(RenderStatus::OutOfMemory, "no memory left");
  const uint8_t *marks = machine.marks.data();
  for (size_t end = 0; end < length && !machine.failed();) {
    size_t begin = end;
    while (end < length && marks[end] == marks[begin])
      ++end;
    if (marks[begin] == kInput && !ranges.push({begin, end}))
      machine.fail(RenderStatus::OutOfMemory, "no memory left");
  }
  if (machine.failed()) {
    output.clear();
    ranges.clear();
  }
  memcpy(why, machine.message, sizeof(why));
  whyLine = machine.failed() ? machine.messageLine : 0;
  return machine.status;
}
