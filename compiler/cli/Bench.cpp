// sinter bench BUNDLE -p 512 -n 128 -r 5 [--profile] [--trace FILE]
#include "compiler/cli/BundlePlan.h"
#include "compiler/cli/Profile.h"
#include "compiler/cli/ReadBandwidth.h"
#include "compiler/cli/Session.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <chrono>
#include <memory>
#include <optional>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  OpenFlags open;
  uint32_t prompt = 512, count = 128, repeats = 5;
  bool profile = false;
  std::string trace; ///< file for a timeline; empty: none
};

/// Seconds of one repetition.
struct Timing {
  double prefill = 0, decode = 0;
};

/// What all repetitions gave: seconds, and tokens per second.
struct Measured {
  double load = 0, firstToken = 0;
  std::vector<double> prefill, decode;
};
} // namespace

/// Seconds of the clock that profiles use.
static double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

static std::vector<int32_t> promptOf(uint32_t length, uint32_t vocabulary) {
  std::vector<int32_t> prompt(length);
  for (size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<int32_t>((i ? 100 + i * 37 : 1) % vocabulary);
  return prompt;
}

/// The prompt, then greedy tokens through the decode path. `error` is set on
/// failure. profile: takes every call's times.
static sinter_status once(OpenModel &open, const Arguments &arguments,
                          Profile *profile, Timing &timing,
                          sinter_error *error) {
  std::vector<int32_t> prompt =
      promptOf(arguments.prompt, open.info.vocab_size);
  if (sinter_status status = sinter_session_truncate(open.session, 0, error))
    return status;
  uint32_t position = 0;
  sinter_status status = SINTER_OK;
  auto call = [&](const char *name, uint32_t tokens, auto &&work) {
    double begin = now();
    status = status ? status : work();
    if (profile && !status)
      profile->add(open.session, {name, tokens, position, begin, now()});
    return status == SINTER_OK;
  };
  int32_t token = 0;
  auto sample = [&] {
    return sinter_session_sample(open.session, nullptr, &token, error);
  };
  double begin = now();
  // A profile shows single runs: a chunk a call.
  uint32_t chunk = profile ? open.info.chunk : arguments.prompt;
  for (uint32_t at = 0; at < arguments.prompt && !status; at += chunk) {
    uint32_t tokens = std::min(chunk, arguments.prompt - at);
    call("prefill", tokens, [&] {
      return sinter_session_prefill(open.session, prompt.data() + at, tokens,
                                    error);
    });
    position += tokens;
  }
  call("sample", 1, sample);
  timing.prefill = now() - begin;
  begin = now();
  for (uint32_t i = 0; i < arguments.count && !status; ++i) {
    call("decode", 1,
         [&] { return sinter_session_decode(open.session, token, error); });
    ++position;
    call("sample", 1, sample);
  }
  timing.decode = now() - begin;
  return status;
}

static double median(std::vector<double> values) {
  llvm::sort(values);
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

/// Opens the model and runs the repetitions; 0 or the exit code.
static int measure(OpenModel &open, const Arguments &arguments,
                   const Globals &globals, Measured &measured) {
  double begin = now();
  if (int code = open.open(arguments.open, globals))
    return code;
  measured.load = now() - begin;
  // One more than asked for: the first warms caches and is not counted, but
  // says how long a user waits.
  for (uint32_t i = 0; i <= arguments.repeats; ++i) {
    Timing timing;
    sinter_error error = {};
    if (once(open, arguments, nullptr, timing, &error))
      return reportStatus(error);
    if (i == 0) {
      measured.firstToken = measured.load + timing.prefill;
      continue;
    }
    measured.prefill.push_back(arguments.prompt / timing.prefill);
    measured.decode.push_back(arguments.count / timing.decode);
  }
  return kExitOk;
}

/// What this machine's processors read per second; none for devices that have
/// memory of their own.
static std::optional<double> bandwidthLimit(const OpenModel &open) {
  if (llvm::StringRef(open.info.device) != "cpu")
    return std::nullopt;
  return readBandwidth(open.info.threads);
}

static llvm::json::Object jsonOf(const OpenModel &open,
                                 const Arguments &arguments,
                                 const Measured &measured, double bytes,
                                 std::optional<double> limit) {
  double decode = median(measured.decode);
  llvm::json::Object json{
      {"model", open.info.name},
      {"device", open.info.device},
      {"variant", open.info.variant},
      {"threads", static_cast<int64_t>(open.info.threads)},
      {"prompt", static_cast<int64_t>(arguments.prompt)},
      {"count", static_cast<int64_t>(arguments.count)},
      {"prefill_tokens_per_second", median(measured.prefill)},
      {"decode_tokens_per_second", decode},
      {"load_seconds", measured.load},
      {"load_to_first_token_seconds", measured.firstToken},
      {"decode_bytes_per_token", bytes},
      {"decode_bytes_per_second", decode * bytes},
      {"weight_bytes", static_cast<int64_t>(open.info.weight_bytes)}};
  if (limit) {
    json["read_bandwidth_bytes_per_second"] = *limit;
    json["decode_share_of_bandwidth"] = decode * bytes / *limit;
  }
  return json;
}

static void printText(const OpenModel &open, const Arguments &arguments,
                      const Measured &measured, double bytes,
                      std::optional<double> limit) {
  double decode = median(measured.decode);
  llvm::outs() << llvm::formatv(
      "prefill {0}: {1:F1} tok/s\ndecode {2}: {3:F1} tok/s, {4:F1} GB/s",
      arguments.prompt, median(measured.prefill), arguments.count, decode,
      decode * bytes / 1e9);
  if (limit)
    llvm::outs() << llvm::formatv(
        ", {0:P0} of the {1:F1} GB/s that {2} threads read",
        decode * bytes / *limit, *limit / 1e9, open.info.threads);
  llvm::outs() << llvm::formatv(
      "\nload {0:F0} ms, to first token {1:F0} ms ({2}, medians of {3})\n",
      measured.load * 1e3, measured.firstToken * 1e3, open.info.variant,
      arguments.repeats);
}

/// One pass more, in a session that measures every dispatch; 0 or the exit
/// code.
static int runProfile(OpenModel &open, const Arguments &arguments,
                      Profile &profile) {
  if (int code = open.startSession(/*profile=*/true))
    return code;
  Timing timing;
  sinter_error error = {};
  if (once(open, arguments, &profile, timing, &error))
    return reportStatus(error);
  if (arguments.trace.empty())
    return kExitOk;
  llvm::json::Object names{{"model", open.info.name},
                           {"device", open.info.device},
                           {"variant", open.info.variant}};
  if (llvm::Error failed = profile.writeTrace(arguments.trace, names))
    return reportError(std::move(failed));
  return kExitOk;
}

static int run(const Arguments &arguments, const Globals &globals) {
  OpenModel open;
  Measured measured;
  if (int code = measure(open, arguments, globals, measured))
    return code;
  auto plan = planForDevice(arguments.open.bundle, open.info.device);
  if (!plan)
    return reportError(plan.takeError());
  auto report = PlanReport::create(std::move(plan->bytes));
  if (!report)
    return reportError(report.takeError());
  bool profiled = arguments.profile || !arguments.trace.empty();
  Profile profile(*report);
  if (profiled)
    if (int code = runProfile(open, arguments, profile))
      return code;
  // A step on average.
  double bytes =
      report->bytesPerToken(arguments.prompt + arguments.count / 2.0);
  std::optional<double> limit = bandwidthLimit(open);
  if (globals.json) {
    llvm::json::Object json = jsonOf(open, arguments, measured, bytes, limit);
    if (profiled)
      json["profile"] = profile.json();
    llvm::outs() << llvm::formatv("{0}\n", llvm::json::Value(std::move(json)));
    return kExitOk;
  }
  printText(open, arguments, measured, bytes, limit);
  if (arguments.profile)
    profile.print(llvm::outs());
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
  app.add_flag("--profile", arguments->profile,
               "Time and bytes of every kernel, in a pass of its own");
  app.add_option("--trace", arguments->trace,
                 "File for the timeline of that pass (open it in Perfetto)");
  return [arguments, &globals] { return run(*arguments, globals); };
}
