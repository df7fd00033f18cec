// ApiChat.cpp: the part of sinter.h about conversations.
#include "runtime/core/Api.h"
#include "runtime/core/Clock.h"
#include "runtime/core/Generate.h"
#include "runtime/text/ChatTemplate.h"

using namespace sinter::rt;
using sinter::text::Bytes;
using sinter::text::ChatInput;
using sinter::text::ChatMessage;
using sinter::text::ChatTemplate;
using sinter::text::RenderStatus;

namespace {

Bytes bytesOf(const char *text) {
  return {reinterpret_cast<const uint8_t *>(text), text ? strlen(text) : 0};
}

Status renderFault(const ChatTemplate &rendering, RenderStatus status,
                   Fault &fault) {
  switch (status) {
  case RenderStatus::Ok:
    return SINTER_OK;
  case RenderStatus::BadInput:
    return fault.set(SINTER_INVALID_ARGUMENT, "%s", rendering.message());
  case RenderStatus::Refused:
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "the chat template refuses the conversation: %s",
                     rendering.message());
  case RenderStatus::OutOfMemory:
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the chat template");
  default:
    return fault.set(SINTER_UNSUPPORTED, "the chat template, line %u: %s",
                     rendering.line(), rendering.message());
  }
}

Status render(const Model &model, const sinter_chat_params *given,
              ChatTemplate &rendering, Fault &fault) {
  sinter_chat_params params = SINTER_CHAT_PARAMS_INIT;
  if (!given)
    return fault.set(SINTER_INVALID_ARGUMENT, "params is null");
  if (Status status = readOptions(given, params, "sinter_chat_params", fault))
    return status;
  const char *source = model.bundle().manifest.chatTemplate;
  if (!source)
    return fault.set(SINTER_INVALID_STATE, "the bundle has no chat template");
  Array<ChatMessage> messages;
  if ((!params.messages && params.message_count) ||
      (params.messages_json && params.message_count))
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "messages is null, or messages come twice");
  if (!messages.allocate(params.message_count))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for messages");
  for (size_t i = 0; i < params.message_count; ++i) {
    const sinter_chat_message &message = params.messages[i];
    if (!message.role || (!message.content && message.content_bytes))
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "message %zu: role or content is null", i);
    messages[i].role = bytesOf(message.role);
    messages[i].content = {reinterpret_cast<const uint8_t *>(message.content),
                           message.content_bytes};
  }
  ChatInput input;
  input.messages = messages.data();
  input.messageCount = params.message_count;
  input.messagesJson = bytesOf(params.messages_json);
  input.toolsJson = bytesOf(params.tools_json);
  input.variablesJson = bytesOf(params.variables_json);
  input.addGenerationPrompt = params.add_generation_prompt != 0;
  input.now = params.now ? params.now : localTime();
  if (const sinter::text::Tokenizer *tokenizer = model.tokenizer()) {
    input.bosToken = tokenizer->piece(tokenizer->beginId());
    input.eosToken = tokenizer->piece(tokenizer->endId());
    input.unkToken = tokenizer->piece(tokenizer->unknownId());
    input.padToken = tokenizer->piece(tokenizer->paddingId());
  }
  RenderStatus status = rendering.render(source, strlen(source), input);
  return renderFault(rendering, status, fault);
}

} // namespace

extern "C" sinter_status sinter_apply_chat_template(
    const sinter_model *model, const sinter_chat_params *params, char *text,
    size_t capacity, size_t *bytes, sinter_error *error) {
  Fault fault(error);
  ModelUse use(model);
  if (use.status)
    return use.report(fault);
  if ((!text && capacity) || !bytes)
    return fault.set(SINTER_INVALID_ARGUMENT, "text or bytes is null");
  *bytes = 0;
  ChatTemplate rendering;
  if (Status status = render(*use, params, rendering, fault))
    return status;
  *bytes = rendering.text().size;
  if (capacity < *bytes)
    return fault.set(SINTER_BUFFER_TOO_SMALL,
                     "%zu bytes of text do not fit into a buffer of %zu",
                     *bytes, capacity);
  if (*bytes)
    memcpy(text, rendering.text().data, *bytes);
  return SINTER_OK;
}

extern "C" sinter_status sinter_tokenize_chat(const sinter_model *model,
                                              const sinter_chat_params *params,
                                              int32_t *tokens, size_t capacity,
                                              size_t *count,
                                              sinter_error *error) {
  Fault fault(error);
  ModelUse use(model);
  if (use.status)
    return use.report(fault);
  if ((!tokens && capacity) || !count)
    return fault.set(SINTER_INVALID_ARGUMENT, "tokens or count is null");
  *count = 0;
  if (!use->tokenizer())
    return fault.set(SINTER_INVALID_STATE, "the bundle has no tokenizer");
  ChatTemplate rendering;
  if (Status status = render(*use, params, rendering, fault))
    return status;
  // The template writes the begin token itself if the model wants one.
  sinter::text::Encoder encoder(*use->tokenizer());
  Status status = textFault(
      encoder.encode(reinterpret_cast<const char *>(rendering.text().data),
                     rendering.text().size, sinter::text::kParseSpecial,
                     rendering.inputRanges(), rendering.inputRangeCount()),
      fault);
  if (!status)
    status = checkTokens(encoder, *use, fault);
  if (status)
    return status;
  *count = encoder.count();
  if (capacity < *count)
    return fault.set(SINTER_BUFFER_TOO_SMALL,
                     "%zu tokens do not fit into a buffer for %zu", *count,
                     capacity);
  if (*count)
    memcpy(tokens, encoder.ids(), *count * sizeof(int32_t));
  return SINTER_OK;
}
