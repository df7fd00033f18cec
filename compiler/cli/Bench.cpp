// sinter bench BUNDLE -p 512 -n 128 -r 5
#include "compiler/cli/PlanReport.h"
#include "compiler/cli/ReadBandwidth.h"
#include "compiler/cli/Session.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <chrono>
#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  OpenFlags open;
  uint32_t prompt = 512, count = 128, repeats = 5;
};

/// Seconds of one repetition.
struct Timing {
  double prefill = 0, decode = 0;
};
} // namespace

static double secondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
      .count();
}

/// The prompt, then greedy tokens through the decode path. `error` is set on
/// failure.
static sinter_status once(OpenModel &open, const Arguments &arguments,
                          Timing &timing, sinter_error *error) {
  std::vector<int32_t> prompt(arguments.prompt);
  for (size_t i = 0; i < prompt.size(); ++i)
    prompt[i] =
        static_cast<int32_t>((i ? 100 + i * 37 : 1) % open.info.vocab_size);
  if (sinter_status status = sinter_session_truncate(open.session, 0, error))
    return status;
  int32_t token = 0;
  auto begin = std::chrono::steady_clock::now();
  if (sinter_status status = sinter_session_prefill(open.session, prompt.data(),
                                                    prompt.size(), error))
    return status;
  if (sinter_status status =
          sinter_session_sample(open.session, nullptr, &token, error))
    return status;
  timing.prefill = secondsSince(begin);
  begin = std::chrono::steady_clock::now();
  for (uint32_t i = 0; i < arguments.count; ++i) {
    if (sinter_status status =
            sinter_session_decode(open.session, token, error))
      return status;
    if (sinter_status status =
            sinter_session_sample(open.session, nullptr, &token, error))
      return status;
  }
  timing.decode = secondsSince(begin);
  return SINTER_OK;
}

static double median(std::vector<double> values) {
  llvm::sort(values);
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

/// What one decode step moves on average, from the plan: bytes.
static llvm::Expected<double> bytesPerStep(const Arguments &arguments) {
  auto bytes = readText(arguments.open.bundle + "/plan.fb");
  if (!bytes)
    return bytes.takeError();
  auto report = PlanReport::create(std::move(*bytes));
  if (!report)
    return report.takeError();
  return report->bytesPerToken(arguments.prompt + arguments.count / 2.0);
}

static int run(const Arguments &arguments, const Globals &globals) {
  auto begin = std::chrono::steady_clock::now();
  OpenModel open;
  if (int code = open.open(arguments.open, globals))
    return code;
  double load = secondsSince(begin);
  std::vector<double> prefill, decode;
  double firstToken = 0;
  // One more than asked for: the first warms caches and is not counted, but
  // says how long a user waits.
  for (uint32_t i = 0; i <= arguments.repeats; ++i) {
    Timing timing;
    sinter_error error = {};
    if (once(open, arguments, timing, &error))
      return reportStatus(error);
    if (i == 0) {
      firstToken = load + timing.prefill;
      continue;
    }
    prefill.push_back(arguments.prompt / timing.prefill);
    decode.push_back(arguments.count / timing.decode);
  }
  double limit = readBandwidth(open.info.threads);
  auto step = bytesPerStep(arguments);
  if (!step)
    return reportError(step.takeError());
  double share = median(decode) * *step / limit;
  if (globals.json)
    llvm::outs() << llvm::formatv(
        "{0}\n",
        llvm::json::Value(llvm::json::Object{
            {"model", open.info.name},
            {"variant", open.info.variant},
            {"threads", static_cast<int64_t>(open.info.threads)},
            {"prompt", static_cast<int64_t>(arguments.prompt)},
            {"count", static_cast<int64_t>(arguments.count)},
            {"prefill_tokens_per_second", median(prefill)},
            {"decode_tokens_per_second", median(decode)},
            {"load_seconds", load},
            {"load_to_first_token_seconds", firstToken},
            {"decode_bytes_per_token", *step},
            {"weight_bytes", static_cast<int64_t>(open.info.weight_bytes)},
            {"read_bandwidth_bytes_per_second", limit},
            {"decode_share_of_bandwidth", share}}));
  else
    llvm::outs() << llvm::formatv(
        "prefill {0}: {1:F1} tok/s\ndecode {2}: {3:F1} tok/s, {4:F1} GB/s, "
        "{5:P0} of the {6:F1} GB/s that {7} threads read\nload {8:F0} "
        "ms, to first token {9:F0} ms ({10}, medians of {11})\n",
        arguments.prompt, median(prefill), arguments.count, median(decode),
        median(decode) * *step / 1e9, share, limit / 1e9, open.info.threads,
        load * 1e3, firstToken * 1e3, open.info.variant, arguments.repeats);
  return kExitOk;
}

Runner cli::addBenchCommand(CLI::App &app, const Globals &globals) {
  app.description("Measure prefill and decode, and compare with the machine");
  auto arguments = std::make_shared<Arguments>();
  addOpenFlags(app, arguments->open);
  app.add_option("-p,--prompt", arguments->prompt, "Tokens of the prompt")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("-n,--count", arguments->count, "Tokens to make")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("-r,--repeats", arguments->repeats, "Repetitions counted")
      ->check(CLI::Range(1, 1000));
  return [arguments, &globals] { return run(*arguments, globals); };
}
