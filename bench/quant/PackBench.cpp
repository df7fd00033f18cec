// Packing speed per scheme and instruction set, one thread: panels of 2048
// columns of normally distributed weights. The counter is weights per second.
#include "compiler/quant/Scheme.h"

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
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
