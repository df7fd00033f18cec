// Packing and hashing speed, one thread. Packing per scheme and instruction
// set: panels of 2048 columns of normally distributed weights. The counter is
// weights per second.
#include "compiler/bundle/Sha256.h"
#include "compiler/quant/Scheme.h"
#include "llvm/Support/SHA256.h"

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

using namespace sinter::quant;

static void packPanels(benchmark::State &state, const Scheme &scheme, Isa isa,
                       bool weighted) {
  const int64_t columns = 2048;
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  std::vector<float> rows(kPanelRows * columns), importance(columns, 2.0f);
  for (float &x : rows)
    x = normal(engine);
  std::vector<uint8_t> panel(scheme.panelBytes(columns));
  PackOptions options;
  options.isa = isa;
  options.columnImportance = weighted ? importance.data() : nullptr;
  PackStats stats;
  for (auto _ : state) {
    scheme.packPanel(rows.data(), columns, options, panel.data(), stats);
    benchmark::ClobberMemory();
  }
  state.counters["weights"] =
      benchmark::Counter(double(kPanelRows * columns),
                         benchmark::Counter::kIsIterationInvariantRate);
}

static const std::vector<uint8_t> &oneMebibyte() {
  static const std::vector<uint8_t> bytes(1u << 20, 0x5a);
  return bytes;
}

static void hash(benchmark::State &state, bool portable) {
  for (auto _ : state) {
    sinter::Sha256 hash(portable);
    hash.update(oneMebibyte());
    benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) << 20);
}

static void hashLlvm(benchmark::State &state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(llvm::SHA256::hash(oneMebibyte()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) << 20);
}

int main(int argc, char **argv) {
  const char *const isaNames[kIsaCount] = {"baseline", "v3", "v4"};
  for (const Scheme *scheme : allSchemes())
    for (unsigned i = 0; i <= static_cast<unsigned>(hostIsa()); ++i)
      for (bool weighted : {false, true}) {
        if (weighted && !scheme->isInteger())
          continue;
        std::string name = scheme->name().str() + "/" + isaNames[i] +
                           (weighted ? "/weighted" : "");
        benchmark::RegisterBenchmark(
            name.c_str(), [=](benchmark::State &state) {
              packPanels(state, *scheme, static_cast<Isa>(i), weighted);
            });
      }
  if (sinter::Sha256::accelerated())
    benchmark::RegisterBenchmark("sha256", hash, false);
  benchmark::RegisterBenchmark("sha256/portable", hash, true);
  benchmark::RegisterBenchmark("sha256/llvm", hashLlvm);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
