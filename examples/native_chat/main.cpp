// native_chat: tell a story in turns. You write a line, the model goes on with
// it for a while, you write the next line, and so on; both parts are one text,
// which the session keeps. An empty line lets the model go on alone.
//
//   native_chat BUNDLE [SEED]
//
// Works with any bundle that has a tokenizer. The text is continued as it is,
// without a chat template.
#include <sinter.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace {

/// Most tokens that one turn of the model takes.
constexpr uint32_t kTurnTokens = 48;

int fail(const sinter::Error &error) {
  std::fprintf(stderr, "native_chat: %s\n", error.message());
  return 1;
}

/// One turn: the line is appended to the text and continued. False when the
/// context is full, or with an error.
bool turn(sinter::Session &session, const sinter::Sampler &sampler,
          const std::string &line, sinter::Error &error) {
  // A turn ends with a line, when the model ends one in time.
  static const char *const kLineEnd[] = {"\n"};
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  if (!line.empty()) {
    params.prompt_text = line.data();
    params.prompt_text_bytes = line.size();
  }
  params.max_tokens = kTurnTokens;
  params.stop_strings = kLineEnd;
  params.stop_string_count = 1;
  params.sampler = sampler.get();
  size_t before = session.position();
  int32_t last = -1;
  sinter_generate_result result = session.generate(
      params,
      [&last](int32_t token, std::string_view text) {
        if (token >= 0)
          last = token;
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
        return true;
      },
      error);
  std::printf("\n");
  if (error)
    return false;
  if (result.finish_reason == SINTER_FINISH_CONTEXT_FULL)
    return false;
  if (result.finish_reason == SINTER_FINISH_EOS)
    std::printf("-- the end, as far as the model is concerned --\n");
  // The token that was made last has been said, but not read yet: the next
  // turn comes after it.
  size_t said = before + result.prompt_tokens + result.generated_tokens;
  return last < 0 || session.position() >= said || session.decode(last, error);
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "native_chat BUNDLE [SEED]\n");
    return 2;
  }
  sinter::Error error;
  sinter::Model model = sinter::Model::open(argv[1], error);
  if (!model)
    return fail(error);
  sinter_model_info info = model.info();
  std::fprintf(stderr, "%s on %s (%s), %u threads, room for %u tokens\n",
               info.name, info.device, info.variant, info.threads,
               info.context);
  // The model's own settings, with a seed that can be chosen.
  sinter_sampler_params settings = info.sampling;
  settings.seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  sinter::Sampler sampler = sinter::Sampler::create(model, settings, error);
  if (!sampler)
    return fail(error);
  sinter::Session session = sinter::Session::create(model, error);
  if (!session)
    return fail(error);

  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.empty() && session.position() == 0)
      continue;
    if (!turn(session, sampler, line, error)) {
      if (error)
        return fail(error);
      std::printf("-- the context is full --\n");
      break;
    }
  }
  return 0;
}
