// Generate.h: prompt in, tokens and text out, until something ends it
// (sinter_generate).
#ifndef SINTER_RUNTIME_CORE_GENERATE_H
#define SINTER_RUNTIME_CORE_GENERATE_H

#include "runtime/core/Session.h"

namespace sinter::rt {

/// params: complete (see readOptions); its sampler field is not read. sampler:
/// null for the likeliest. result: filled as far as generation came, also on
/// failure.
[[nodiscard]] Status generate(Session &session,
                              const sinter_generate_params &params,
                              Sampler *sampler, sinter_token_callback callback,
                              void *user, sinter_generate_result &result,
                              Fault &fault);

/// The tokens of a text as `encoder` holds them, or what went wrong.
[[nodiscard]] Status encodeText(text::Encoder &encoder, const Model &model,
                                const char *text, size_t bytes, uint32_t flags,
                                Fault &fault);

/// That the model has a row for each of them.
[[nodiscard]] Status checkTokens(const text::Encoder &encoder,
                                 const Model &model, Fault &fault);

} // namespace sinter::rt
#endif
