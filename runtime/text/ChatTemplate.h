//===- ChatTemplate.h - A conversation as the text a model expects -------===//
//
// Renders the Jinja templates that models bring ("chat_template"), as Hugging
// Face transformers does: Jinja 3.1 with trim_blocks, lstrip_blocks, loop
// controls and the immutable sandbox (docs/chat-templates.md lists the
// language). A template comes from strangers: steps, output, depth and memory
// are bounded, and there is nothing in it to reach out with.
//
// Every byte of the result is known to come from the template or from the
// input (messages, tools, variables), through all string operations, so that
// special tokens are recognised only where the template wrote them: see
// inputRanges() and Encoder::encode.
//
// Nothing here throws or aborts; all memory is given back with the object.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_CHATTEMPLATE_H
#define SINTER_RUNTIME_TEXT_CHATTEMPLATE_H

#include "runtime/text/Buffer.h"
#include "runtime/text/Tokenizer.h"

namespace sinter {
namespace text {

enum class RenderStatus : uint8_t {
  Ok = 0,
  BadInput,     ///< messages, tools or variables are no JSON of the right kind
  BadTemplate,  ///< syntax error
  Failed,       ///< an operation on a wrong value, an unknown filter
  Refused,      ///< the template called raise_exception: the message is its own
  LimitReached, ///< steps, output, depth or memory
  OutOfMemory,  ///< the system gave no memory
};

struct ChatMessage {
  Bytes role;    ///< "system", "user", "assistant", ...
  Bytes content; ///< UTF-8; any bytes are allowed
};

/// What a template sees. Everything is borrowed during render().
struct ChatInput {
  /// The conversation: an array, or, when messagesJson is not empty, the JSON
  /// text of an array of objects (tool calls, parts of contents, ...).
  const ChatMessage *messages = nullptr;
  size_t messageCount = 0;
  Bytes messagesJson;
  /// JSON array of tool descriptions; empty: none.
  Bytes toolsJson;
  /// JSON object, each member of which becomes a variable; empty: none.
  Bytes variablesJson;
  bool addGenerationPrompt = false;
  /// Texts of special tokens; empty: the variable is undefined.
  Bytes bosToken, eosToken, unkToken, padToken;
  /// The wall clock for strftime_now: seconds since 1970, local time.
  int64_t now = 0;
};

struct RenderLimits {
  uint32_t steps = 1000000; ///< operations, and work on long texts in units
  uint32_t outputBytes = 1u << 20;
  uint32_t depth = 64; ///< nesting of expressions, statements, calls, values
  uint32_t memoryBytes = 32u << 20;
};

class ChatTemplate {
public:
  /// Renders the template `source`; after a failure text() is empty.
  [[nodiscard]] RenderStatus render(const char *source, size_t size,
                                    const ChatInput &input,
                                    const RenderLimits &limits = {});

  Bytes text() const {
    return {reinterpret_cast<const uint8_t *>(output.data()), output.size()};
  }
  /// The parts of text() that come from the input: ascending, apart.
  const TextRange *inputRanges() const { return ranges.data(); }
  size_t inputRangeCount() const { return ranges.size(); }

  /// What went wrong: lower-case start, no final stop, zero-terminated.
  const char *message() const { return why; }
  /// The template's line it happened in, from 1; 0: none.
  uint32_t line() const { return whyLine; }

private:
  Buffer<char> output;
  Buffer<TextRange> ranges;
  char why[256] = "";
  uint32_t whyLine = 0;
};

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_CHATTEMPLATE_H
