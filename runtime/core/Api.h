// Api.h: what the files of the C interface share.
#ifndef SINTER_RUNTIME_CORE_API_H
#define SINTER_RUNTIME_CORE_API_H

#include "runtime/core/Handles.h"
#include "runtime/core/Options.h"
#include "runtime/core/Session.h"

namespace sinter::rt {

/// A text stream, see sinter_text_stream_create.
struct TextStream {
  explicit TextStream(const text::Tokenizer &tokenizer)
      : detokenizer(tokenizer) {}
  text::Detokenizer detokenizer;
  Buffer text;
  bool skipSpecial = true;
};

/// Session, sampler or stream, with the model's handle that it keeps in use.
template <typename T> struct Kept {
  explicit Kept(uintptr_t owner) : model(owner) {}
  template <typename Argument>
  Kept(uintptr_t owner, const Argument &argument)
      : model(owner), object(argument) {}
  uintptr_t model;
  T object;
};

using ModelUse = Using<Model, HandleKind::Model, false>;
using SessionUse = Using<Kept<Session>, HandleKind::Session, true>;
using SamplerUse = Using<Kept<Sampler>, HandleKind::Sampler, true>;
using StreamUse = Using<Kept<TextStream>, HandleKind::TextStream, true>;

/// Makes a handle for a finished object and takes it over. The model stays in
/// use.
template <typename T, typename Handle>
[[nodiscard]] Status publish(Owner<T> &object, HandleKind kind, Handle **handle,
                             Fault &fault) {
  uintptr_t number = handleCreate(kind, object.get());
  if (!number)
    return fault.set(SINTER_OUT_OF_MEMORY, "no handle is left");
  object.release();
  *handle = reinterpret_cast<Handle *>(number);
  return SINTER_OK;
}

/// Ends a handle and its object, and the use of the model.
template <typename T>
[[nodiscard]] Status closeKept(const void *handle, HandleKind kind) {
  if (!handle)
    return SINTER_OK;
  void *object = nullptr;
  if (Status status =
          handleClose(reinterpret_cast<uintptr_t>(handle), kind, &object))
    return status;
  auto *kept = static_cast<Kept<T> *>(object);
  uintptr_t model = kept->model;
  destroyObject(kept);
  handleRelease(model, false);
  return SINTER_OK;
}

/// Checks the options of the two open functions; *device becomes CPU or NULL.
[[nodiscard]] Status readModelOptions(const sinter_model_options *given,
                                      const char *dir, sinter_model **model,
                                      sinter_model_options &options,
                                      Fault &fault);

} // namespace sinter::rt
#endif
