// sinter-bench-session BUNDLE THREADS REPEATS PROMPT COUNT [vulkan]: a bundle
// through the C interface, measured as the scripts beside it measure their
// engines: one process, one JSON line. The prompt's ids are those of peers.mjs.
// Load is everything until the session exists; the first repetition is the
// first work the process does.
#include "runtime/include/sinter.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin)
      .count();
}

[[noreturn]] void die(const char *text) {
  std::fprintf(stderr, "sinter-bench-session: %s\n", text);
  std::exit(1);
}

void check(sinter_status status, const sinter_error &error) {
  if (status)
    die(error.message);
}

/// Processor milliseconds of all threads of this process.
double processorTime() {
  return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

/// Milliseconds of one generation, and what it said.
struct Run {
  double firstToken = 0, firstStep = 0, decode = 0, decodeProcessor = 0;
  std::vector<int32_t> tokens;
};

Run generate(sinter_session *session, const std::vector<int32_t> &prompt,
             int count) {
  Run run;
  sinter_error error = {};
  auto sample = [&] {
    int32_t token = 0;
    check(sinter_session_sample(session, nullptr, &token, &error), error);
    run.tokens.push_back(token);
  };
  check(sinter_session_truncate(session, 0, &error), error);
  auto begin = Clock::now();
  check(sinter_session_prefill(session, prompt.data(), prompt.size(), &error),
        error);
  sample();
  run.firstToken = millisecondsSince(begin);
  double processor = processorTime();
  begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    check(sinter_session_decode(session, run.tokens.back(), &error), error);
    sample();
    if (i == 0)
      run.firstStep = millisecondsSince(begin);
  }
  run.decode = millisecondsSince(begin);
  run.decodeProcessor = processorTime() - processor;
  return run;
}

/// Highest resident memory so far in MiB, 0 where the system does not tell.
double peakMemory() {
  double kilobytes = 0;
  std::FILE *file = std::fopen("/proc/self/status", "r");
  char line[256];
  while (file && std::fgets(line, sizeof line, file))
    if (!std::strncmp(line, "VmHWM:", 6))
      kilobytes = std::atof(line + 6);
  if (file)
    std::fclose(file);
  return kilobytes / 1024;
}

void printRun(const Run &run, bool first) {
  std::printf("%s{\"ttft_ms\":%.3f,\"first_step_ms\":%.3f,\"decode_ms\":%.3f,"
              "\"decode_cpu_ms\":%.3f,\"tokens\":[",
              first ? "" : ",", run.firstToken, run.firstStep, run.decode,
              run.decodeProcessor);
  for (size_t i = 0; i < run.tokens.size(); ++i)
    std::printf("%s%d", i ? "," : "", run.tokens[i]);
  std::printf("]}");
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 6 || argc > 7 || (argc == 7 && std::strcmp(argv[6], "vulkan")))
    die("usage: sinter-bench-session BUNDLE THREADS REPEATS PROMPT COUNT "
        "[vulkan]");
  int repeats = std::atoi(argv[3]), length = std::atoi(argv[4]),
      count = std::atoi(argv[5]);
  if (repeats < 1 || length < 1 || count < 1)
    die("REPEATS, PROMPT and COUNT are numbers above 0");
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.threads = static_cast<uint32_t>(std::atoi(argv[2]));
  options.device = argc == 7 ? SINTER_DEVICE_VULKAN : SINTER_DEVICE_AUTO;
  sinter_error error = {};
  sinter_model *model = nullptr;
  sinter_session *session = nullptr;
  auto begin = Clock::now();
  check(sinter_model_open(argv[1], &options, &model, &error), error);
  check(sinter_session_create(model, nullptr, &session, &error), error);
  double load = millisecondsSince(begin);
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  if (sinter_model_get_info(model, &info))
    die("no model information");
  std::vector<int32_t> prompt(static_cast<size_t>(length));
  for (int i = 0; i < length; ++i)
    prompt[static_cast<size_t>(i)] = static_cast<int32_t>(
        (i ? 100 + i * 37 % 30000 : 1) % static_cast<int>(info.vocab_size));
  std::vector<Run> runs;
  for (int i = 0; i < repeats; ++i)
    runs.push_back(generate(session, prompt, count));
  std::printf("{\"engine\":\"sinter\",\"version\":\"%s\",\"config\":\"%s\","
              "\"device\":\"%s\",\"load_ms\":%.3f,\"prompt\":%d,\"count\":%d,"
              "\"weight_bytes\":"
              "%llu,\"state_bytes\":%llu,\"arena_bytes\":%llu,\"runs\":[",
              sinter_version(), info.variant, info.variant_reason, load, length,
              count, static_cast<unsigned long long>(info.weight_bytes),
              static_cast<unsigned long long>(info.state_bytes),
              static_cast<unsigned long long>(info.arena_bytes));
  for (size_t i = 0; i < runs.size(); ++i)
    printRun(runs[i], i == 0);
  std::printf("],\"peak_mib\":%.1f}\n", peakMemory());
  sinter_session_destroy(session);
  sinter_model_close(model);
  return 0;
}
