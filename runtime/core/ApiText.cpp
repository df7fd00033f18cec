// ApiText.cpp: the part of sinter.h about text.
#include "runtime/core/Api.h"
#include "runtime/core/Generate.h"

using namespace sinter::rt;

namespace {

Status noTokenizer(Fault &fault) {
  return fault.set(SINTER_INVALID_STATE, "the bundle has no tokenizer");
}

/// Appends bytes to a caller's buffer as far as they fit; counts all of them.
struct Output {
  char *data;
  size_t capacity, used;
  void append(const uint8_t *bytes, size_t count) {
    if (count && used <= capacity && count <= capacity - used)
      memcpy(data + used, bytes, count);
    used += count;
  }
};

} // namespace

extern "C" sinter_status sinter_tokenize(const sinter_model *model,
                                         const char *text, size_t bytes,
                                         uint32_t flags, int32_t *tokens,
                                         size_t capacity, size_t *count,
                                         sinter_error *error) {
  Fault fault(error);
  ModelUse use(model);
  if (use.status)
    return use.report(fault);
  if (!use->tokenizer())
    return noTokenizer(fault);
  if ((!text && bytes) || (!tokens && capacity) || !count || flags > 3)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "text, tokens or count is null, or flags are unknown");
  *count = 0;
  sinter::text::Encoder encoder(*use->tokenizer());
  if (Status status =
          encodeText(encoder, *use, text ? text : "", bytes, flags, fault))
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

extern "C" sinter_status sinter_detokenize(const sinter_model *model,
                                           const int32_t *tokens, size_t count,
                                           int special, char *text,
                                           size_t capacity, size_t *bytes,
                                           sinter_error *error) {
  Fault fault(error);
  ModelUse use(model);
  if (use.status)
    return use.report(fault);
  if (!use->tokenizer())
    return noTokenizer(fault);
  if ((!tokens && count) || (!text && capacity) || !bytes)
    return fault.set(SINTER_INVALID_ARGUMENT, "tokens, text or bytes is null");
  *bytes = 0;
  sinter::text::Detokenizer detokenizer(*use->tokenizer());
  detokenizer.reset(false, special == 0);
  Buffer step;
  if (!step.allocate(use->tokenizer()->maxStepBytes() + 16))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory to detokenize");
  Output output = {text, capacity, 0};
  size_t written = 0;
  for (size_t i = 0; i < count; ++i) {
    if (Status status =
            textFault(detokenizer.push(static_cast<uint32_t>(tokens[i]),
                                       step.data(), step.size(), written),
                      fault))
      return status;
    output.append(step.data(), written);
  }
  if (Status status = textFault(
          detokenizer.finish(step.data(), step.size(), written), fault))
    return status;
  output.append(step.data(), written);
  *bytes = output.used;
  if (output.used > capacity)
    return fault.set(SINTER_BUFFER_TOO_SMALL,
                     "%zu bytes of text do not fit into a buffer of %zu",
                     output.used, capacity);
  return SINTER_OK;
}

extern "C" sinter_status sinter_text_stream_create(sinter_model *model,
                                                   int special,
                                                   sinter_text_stream **stream,
                                                   sinter_error *error) {
  Fault fault(error);
  if (!stream)
    return fault.set(SINTER_INVALID_ARGUMENT, "stream is null");
  *stream = nullptr;
  ModelUse use(model);
  if (use.status)
    return use.report(fault);
  if (!use->tokenizer())
    return noTokenizer(fault);
  auto handle = reinterpret_cast<uintptr_t>(model);
  Owner<Kept<TextStream>> made(
      createObject<Kept<TextStream>>(handle, *use->tokenizer()));
  if (!made ||
      !made->object.text.allocate(use->tokenizer()->maxStepBytes() + 16))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a text stream");
  made->object.skipSpecial = special == 0;
  made->object.detokenizer.reset(false, special == 0);
  // The stream's own use of the model; it cannot fail while this call has one.
  void *object = nullptr;
  if (Status status = handleAcquire(handle, HandleKind::Model, false, &object))
    return fault.set(status, "too many objects use the model");
  Status status = publish(made, HandleKind::TextStream, stream, fault);
  if (status)
    handleRelease(handle, false);
  return status;
}

extern "C" sinter_status
sinter_text_stream_destroy(sinter_text_stream *stream) {
  return closeKept<TextStream>(stream, HandleKind::TextStream);
}

extern "C" sinter_status sinter_text_stream_push(sinter_text_stream *stream,
                                                 int32_t token,
                                                 const char **text,
                                                 size_t *bytes) {
  StreamUse use(stream);
  if (use.status)
    return use.status;
  if (!text || !bytes)
    return SINTER_INVALID_ARGUMENT;
  TextStream &s = use->object;
  Fault nowhere(nullptr);
  *text = s.text.as<char>();
  return textFault(s.detokenizer.push(static_cast<uint32_t>(token),
                                      s.text.data(), s.text.size(), *bytes),
                   nowhere);
}

extern "C" sinter_status sinter_text_stream_finish(sinter_text_stream *stream,
                                                   const char **text,
                                                   size_t *bytes) {
  StreamUse use(stream);
  if (use.status)
    return use.status;
  if (!text || !bytes)
    return SINTER_INVALID_ARGUMENT;
  TextStream &s = use->object;
  Fault nowhere(nullptr);
  *text = s.text.as<char>();
  Status status = textFault(
      s.detokenizer.finish(s.text.data(), s.text.size(), *bytes), nowhere);
  s.detokenizer.reset(false, s.skipSpecial);
  return status;
}
