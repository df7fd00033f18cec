// sinter.hpp: the C++17 face of sinter.h. Thin owners of the handles: what a
// method does, its errors and the thread rules are described at the C function
// of the same name. Throws nothing of its own; needs neither exceptions nor
// RTTI.
#ifndef SINTER_HPP
#define SINTER_HPP

#include "sinter.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sinter {

/// What a call left behind; converts to true when something went wrong.
class Error {
public:
  Error() : raw_{SINTER_OK, {0}} {}
  sinter_status code() const { return raw_.code; }
  const char *message() const { return raw_.message; }
  explicit operator bool() const { return raw_.code != SINTER_OK; }
  sinter_error *raw() { return &raw_; }
  /// For functions that give a status only.
  bool set(sinter_status status) {
    raw_.code = status;
    return status == SINTER_OK;
  }

private:
  sinter_error raw_;
};

namespace detail {
/// Owns one handle; Close is the C function that ends it.
template <typename T, sinter_status (*Close)(T *)> class Handle {
public:
  Handle() = default;
  explicit Handle(T *raw) : raw_(raw) {}
  Handle(Handle &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Handle &operator=(Handle &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  ~Handle() { (void)Close(raw_); }
  T *get() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }

protected:
  T *raw_ = nullptr;
};
} // namespace detail

/// A model; must outlive its sessions, samplers and text streams.
class Model : public detail::Handle<sinter_model, sinter_model_close> {
public:
  using Handle::Handle;

  /// An empty Model on failure; error then says why.
  static Model open(const char *dir, const sinter_model_options &options,
                    Error &error) {
    sinter_model *raw = nullptr;
    error.set(sinter_model_open(dir, &options, &raw, error.raw()));
    return Model(raw);
  }
  static Model open(const char *dir, Error &error) {
    sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
    return open(dir, options, error);
  }
  static Model openStatic(const sinter_cpu_module &module, const char *dir,
                          const sinter_model_options &options, Error &error) {
    sinter_model *raw = nullptr;
    error.set(
        sinter_model_open_static(&module, dir, &options, &raw, error.raw()));
    return Model(raw);
  }

  sinter_model_info info() const {
    sinter_model_info info = SINTER_MODEL_INFO_INIT;
    (void)!sinter_model_get_info(raw_, &info);
    return info;
  }

  std::vector<int32_t> tokenize(std::string_view text, uint32_t flags,
                                Error &error) const {
    std::vector<int32_t> tokens(text.size() / 2 + 8);
    size_t count = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
      bool ok = error.set(sinter_tokenize(raw_, text.data(), text.size(), flags,
                                          tokens.data(), tokens.size(), &count,
                                          error.raw()));
      if (error.code() != SINTER_BUFFER_TOO_SMALL) {
        tokens.resize(ok ? count : 0);
        return tokens;
      }
      tokens.resize(count);
    }
    return {};
  }

  /// A conversation as the tokens of a prompt, see sinter_tokenize_chat.
  std::vector<int32_t> tokenizeChat(const sinter_chat_params &params,
                                    Error &error) const {
    std::vector<int32_t> tokens(256);
    size_t count = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
      bool ok = error.set(sinter_tokenize_chat(
          raw_, &params, tokens.data(), tokens.size(), &count, error.raw()));
      bool again = error.code() == SINTER_BUFFER_TOO_SMALL;
      tokens.resize(ok || again ? count : 0);
      if (!again)
        return tokens;
    }
    return {};
  }

  std::string detokenize(const std::vector<int32_t> &tokens, bool special,
                         Error &error) const {
    std::string text(tokens.size() * 6 + 16, '\0');
    size_t bytes = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
      bool ok = error.set(sinter_detokenize(raw_, tokens.data(), tokens.size(),
                                            special, text.data(), text.size(),
                                            &bytes, error.raw()));
      if (error.code() != SINTER_BUFFER_TOO_SMALL) {
        text.resize(ok ? bytes : 0);
        return text;
      }
      text.resize(bytes);
    }
    return {};
  }
};

/// Chooses tokens; must not outlive its model.
class Sampler : public detail::Handle<sinter_sampler, sinter_sampler_destroy> {
public:
  using Handle::Handle;

  static Sampler create(const Model &model, const sinter_sampler_params &params,
                        Error &error) {
    sinter_sampler *raw = nullptr;
    error.set(sinter_sampler_create(model.get(), &params, &raw, error.raw()));
    return Sampler(raw);
  }
  /// With the model's own settings.
  static Sampler create(const Model &model, Error &error) {
    sinter_sampler *raw = nullptr;
    error.set(sinter_sampler_create(model.get(), nullptr, &raw, error.raw()));
    return Sampler(raw);
  }

  /// In place of earlier ones; at most SINTER_MAX_LOGIT_BIASES.
  bool setBiases(const std::vector<sinter_logit_bias> &biases, Error &error) {
    return error.set(sinter_sampler_set_biases(raw_, biases.data(),
                                               biases.size(), error.raw()));
  }
};

/// One conversation; must not outlive its model.
class Session : public detail::Handle<sinter_session, sinter_session_destroy> {
public:
  using Handle::Handle;

  static Session create(const Model &model, Error &error) {
    sinter_session *raw = nullptr;
    error.set(sinter_session_create(model.get(), nullptr, &raw, error.raw()));
    return Session(raw);
  }

  bool prefill(const std::vector<int32_t> &tokens, Error &error) {
    return error.set(sinter_session_prefill(raw_, tokens.data(), tokens.size(),
                                            error.raw()));
  }
  bool decode(int32_t token, Error &error) {
    return error.set(sinter_session_decode(raw_, token, error.raw()));
  }
  bool logits(std::vector<float> &logits, Error &error) {
    return error.set(
        sinter_session_logits(raw_, logits.data(), logits.size(), error.raw()));
  }
  /// -1 on failure.
  int32_t sample(const Sampler &sampler, Error &error) {
    int32_t token = -1;
    return error.set(
               sinter_session_sample(raw_, sampler.get(), &token, error.raw()))
               ? token
               : -1;
  }
  size_t position() const {
    size_t position = 0;
    (void)!sinter_session_position(raw_, &position);
    return position;
  }
  bool truncate(size_t position, Error &error) {
    return error.set(sinter_session_truncate(raw_, position, error.raw()));
  }

  /// onToken: callable as bool(int32_t token, std::string_view text); false
  /// stops.
  template <typename F>
  sinter_generate_result generate(const sinter_generate_params &params,
                                  F &&onToken, Error &error) {
    using Callable = std::remove_reference_t<F>;
    sinter_generate_result result = SINTER_GENERATE_RESULT_INIT;
    auto forward = [](void *user, int32_t token, const char *text,
                      size_t bytes) -> int {
      return (*static_cast<Callable *>(user))(token,
                                              std::string_view(text, bytes))
                 ? 0
                 : 1;
    };
    error.set(sinter_generate(raw_, &params, forward, &onToken, &result,
                              error.raw()));
    return result;
  }
};

} // namespace sinter
#endif
