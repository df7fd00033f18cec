// See SamplerFlags.h.
#include "compiler/cli/SamplerFlags.h"

#include <random>

using namespace sinter;
using namespace sinter::cli;

void cli::addSamplerFlags(CLI::App &app, SamplerFlags &flags) {
  app.add_option("--temp", flags.temperature,
                 "Temperature; 0: always the likeliest token");
  app.add_option("--top-k", flags.topK, "Keep the K likeliest; 0: all");
  app.add_option("--top-p", flags.topP,
                 "Keep the likeliest that together reach P");
  app.add_option("--min-p", flags.minP,
                 "Keep what has at least this share of the likeliest's "
                 "probability");
  app.add_option("--repeat-penalty", flags.repeatPenalty,
                 "Make tokens said lately less likely; 1: off");
  app.add_option("--seed", flags.seed, "Same seed, same text");
  app.add_option("--logit-bias", flags.logitBiases,
                 "TOKEN=BIAS: adds BIAS (-100 to 100) to the logit of the "
                 "token with this id; may be given again");
}

/// "12=-3.5"
static std::optional<sinter_logit_bias> parseBias(llvm::StringRef text) {
  auto [token, bias] = text.split('=');
  sinter_logit_bias parsed = {};
  double value = 0;
  if (token.getAsInteger(10, parsed.token) || bias.getAsDouble(value))
    return std::nullopt;
  parsed.bias = static_cast<float>(value);
  return parsed;
}

OwnedSampler::~OwnedSampler() { sinter_sampler_destroy(sampler); }

int OwnedSampler::create(const OpenModel &open, const SamplerFlags &flags) {
  sinter_sampler_params params = open.info.sampling;
  params.temperature = flags.temperature.value_or(params.temperature);
  params.top_k = flags.topK.value_or(params.top_k);
  params.top_p = flags.topP.value_or(params.top_p);
  params.min_p = flags.minP.value_or(params.min_p);
  params.repeat_penalty = flags.repeatPenalty.value_or(params.repeat_penalty);
  params.seed = flags.seed ? *flags.seed : std::random_device()();
  std::vector<sinter_logit_bias> biases;
  for (const std::string &text : flags.logitBiases) {
    auto bias = parseBias(text);
    if (!bias)
      return reportUsage("--logit-bias takes TOKEN=BIAS, as in 12=-3.5, not " +
                         text);
    biases.push_back(*bias);
  }
  bool plain = params.repeat_penalty == 1 && params.presence_penalty == 0 &&
               params.frequency_penalty == 0 && biases.empty();
  if (params.temperature == 0 && plain)
    return 0;
  sinter_error error = {};
  if (sinter_sampler_create(open.model, &params, &sampler, &error))
    return reportStatus(error);
  if (sinter_sampler_set_biases(sampler, biases.data(), biases.size(), &error))
    return reportStatus(error);
  return 0;
}
