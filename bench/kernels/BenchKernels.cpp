// sinter-bench-kernels: time of the linear kernels alone, one JSON line per
// kernel: id, bytes of weights, seconds, GB/s, share of the bandwidth that a
// plain read reaches with as many threads; for prefill also multiply-adds per
// second and the tokens per second a whole TinyLlama would reach. Weights are
// copied so often that they do not fit a cache; the best of several runs
// counts.
#include "KernelCases.h"
#include "Workers.h"

#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "targets/cpu/CpuVariants.h"
#include "targets/cpu/LoadedKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"

#include <cstring>

using namespace sinter;
using namespace sinter::bench;
// Options, as --name=value.
static std::string variantName = "avx512-vnni";
static std::string dumpDir;          // for assembly; empty: none
static std::string only;             // prefill or decode; empty: both
static std::string schemes = "q4_0"; // separated by commas
static unsigned threads = 2;
static unsigned repeats = 60;     // of which the best counts
static int64_t chunk = 128;       // tokens of a prefill chunk
static unsigned megabytes = 1536; // memory for copies of weights

/// What a run reads where reading is the work.
static constexpr unsigned kRunMegabytes = 128;

namespace {

struct Bench {
  mlir::MLIRContext context;
  char *pool = nullptr; ///< weights, `megabytes` of them
  double readBandwidth = 0;

  Bench() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<xf::XfDialect, kern::KernDialect,
                        mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::math::MathDialect, mlir::memref::MemRefDialect,
                        mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
    pool = allocate(poolBytes());
    // A number that is harmless as f16, f32 and int8.
    std::memset(pool, 0x2c, poolBytes());
  }
  static size_t poolBytes() { return size_t(megabytes) << 20; }
  kern::CapsAttr caps() {
    return cpu::capsOf(&context, *cpu::findVariant(variantName));
  }

  void measureRead();
  double measure(const KernelCase &test);
};

[[noreturn]] void fail(const llvm::Twine &message) {
  llvm::errs() << "sinter-bench-kernels: " << message << "\n";
  std::exit(1);
}

std::unique_ptr<cpu::LoadedKernels> load(mlir::ModuleOp module) {
  auto kernels = cpu::LoadedKernels::create(module, variantName, dumpDir);
  if (!kernels)
    fail(llvm::toString(kernels.takeError()));
  return std::move(*kernels);
}

/// The least time of a dispatch. A run takes `perRun` of the dispatches, each
/// time the next ones, so that their weights are not in a cache; runs are short
/// because other processes interrupt long ones.
double best(const std::vector<Dispatch> &dispatches, size_t perRun,
            int64_t tokens, size_t scratch) {
  sinter_scalars scalars = {tokens, 0, 0};
  perRun = std::min(perRun, dispatches.size());
  double seconds = 1e9;
  for (unsigned run = 0; run <= repeats; ++run) {
    std::vector<Dispatch> chosen;
    for (size_t i = 0; i < perRun; ++i)
      chosen.push_back(dispatches[(run * perRun + i) % dispatches.size()]);
    seconds = std::min(seconds, runAll(chosen, scalars, scratch, threads));
  }
  return seconds / double(perRun);
}

void Bench::measureRead() {
  std::string capsText;
  llvm::raw_string_ostream(capsText) << caps();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      readKernel(capsText, caps().getSimdBits() / 8), &context);
  auto kernels = load(*module);
  alignas(64) static char sink[4096];
  std::vector<Dispatch> reads;
  for (unsigned at = 0; at + kRunMegabytes <= megabytes; at += kRunMegabytes)
    reads.push_back({kernels->find("read"),
                     {pool + (size_t(at) << 20), sink},
                     kRunMegabytes});
  double seconds = best(reads, 1, 1, 0);
  readBandwidth = double(size_t(kRunMegabytes) << 20) / seconds / 1e9;
  llvm::outs() << "{\"id\": \"read\", \"variant\": \"" << variantName
               << "\", \"threads\": " << threads
               << ", \"gb_per_s\": " << llvm::format("%.2f", readBandwidth)
               << "}\n";
}

/// Numbers of ordinary size: f32 input rows, or dyn_i8 rows.
char *makeInput(const KernelCase &test, size_t rowBytes) {
  int64_t rows = (test.tokens + 15) / 16 * 16;
  char *input = allocate(rows * rowBytes);
  bool quantized = xf::isIntegerScheme(test.scheme) && test.tokens > 1;
  for (int64_t row = 0; row < rows; ++row) {
    char *at = input + row * rowBytes;
    for (int64_t i = 0; i < test.columns; ++i) {
      int number = int((i * 37 + row * 11) % 255) - 127;
      float value = float(number) / 127;
      if (quantized)
        at[i] = char(number);
      else
        std::memcpy(at + 4 * i, &value, 4);
    }
    float scale = 0.01f;
    for (int64_t block = 0; quantized && block < test.columns / 32; ++block)
      std::memcpy(at + test.columns + 4 * block, &scale, 4);
  }
  return input;
}

double Bench::measure(const KernelCase &test) {
  auto parsed =
      mlir::parseSourceString<mlir::ModuleOp>(test.region(), &context);
  if (!parsed)
    fail("bad region " + test.label);
  xf::RegionOp region = *parsed->getOps<xf::RegionOp>().begin();
  auto selection = kernels::selectFamily(region);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(region.getLoc());
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module->getBody());
  if (failed(selection.family->build(builder, region, caps())))
    fail("cannot build " + test.label);
  std::string id = selection.family->id(region);
  auto kernels = load(*module);

  auto typeOf = [&](unsigned i) {
    return mlir::cast<mlir::RankedTensorType>(region.getArgumentTypes()[i]);
  };
  size_t weightBytes = layout::weightBytes(typeOf(2));
  char *input = makeInput(test, layout::rowBytes(typeOf(0)));
  char *norm =
      makeInput({"", 1, test.columns, false, false, false, 1, xf::Scheme::f32},
                test.columns * 4);
  size_t outputBytes = layout::bufferBytes(typeOf(3), test.tokens);
  char *residual = allocate(outputBytes), *result = allocate(outputBytes);
  std::vector<Dispatch> dispatches;
  size_t stride = (weightBytes + 255) / 256 * 256;
  size_t copies = poolBytes() / stride;
  for (size_t copy = 0; copy < copies; ++copy)
    dispatches.push_back({kernels->find(id),
                          {input, norm, pool + copy * stride, residual, result},
                          selection.family->workItems(region).items});
  size_t perRun =
      test.tokens > 1 ? 1 : (size_t(kRunMegabytes) << 20) / stride + 1;
  double seconds =
      best(dispatches, perRun, test.tokens, kernels->scratchBytes(id));
  double rate = double(weightBytes) / seconds / 1e9;
  double products = test.weights() * double(test.tokens);
  llvm::outs() << "{\"id\": \"" << id << "\", \"variant\": \"" << variantName
               << "\", \"threads\": " << threads
               << ", \"tokens\": " << test.tokens
               << ", \"weight_bytes\": " << weightBytes
               << ", \"seconds\": " << llvm::format("%.3e", seconds)
               << ", \"gb_per_s\": " << llvm::format("%.2f", rate)
               << ", \"share_of_read\": "
               << llvm::format("%.3f", rate / readBandwidth)
               << ", \"gmac_per_s\": "
               << llvm::format("%.1f", products / seconds / 1e9) << "}\n";
  llvm::outs().flush();
  return seconds;
}

/// All kernels of a scheme, and what a model of 22 such layers would reach.
void measureModel(Bench &bench, xf::Scheme scheme, int64_t tokens) {
  constexpr int kLayers = 22;
  double seconds = 0;
  for (const KernelCase &test : tinyLlama(scheme, tokens)) {
    double each = bench.measure(test);
    int times = test.label == "head" ? 1 : kLayers;
    seconds += times * each;
  }
  llvm::outs() << "{\"id\": \"tinyllama_linears\", \"scheme\": \""
               << xf::stringifyScheme(scheme) << "\", \"variant\": \""
               << variantName << "\", \"threads\": " << threads
               << ", \"tokens\": " << tokens << ", \"tokens_per_s\": "
               << llvm::format("%.1f", double(tokens) / seconds) << "}\n";
}

} // namespace

/// Reads the options; false if one is unknown or malformed.
static bool parseOptions(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    auto [name, value] = llvm::StringRef(argv[i]).split('=');
    bool bad = false;
    if (name == "--variant")
      variantName = value.str();
    else if (name == "--only")
      only = value.str();
    else if (name == "--dump")
      dumpDir = value.str();
    else if (name == "--schemes")
      schemes = value.str();
    else if (name == "--threads")
      bad = value.getAsInteger(10, threads);
    else if (name == "--repeats")
      bad = value.getAsInteger(10, repeats);
    else if (name == "--chunk")
      bad = value.getAsInteger(10, chunk);
    else if (name == "--megabytes")
      bad = value.getAsInteger(10, megabytes);
    else
      bad = true;
    if (bad)
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  if (!parseOptions(argc, argv))
    fail("options are --variant= --only= --schemes= --threads= --repeats= "
         "--chunk= --megabytes= --dump=FOLDER");
  if (!cpu::findVariant(variantName) || !cpu::runsHere(variantName))
    fail("this machine cannot run " + variantName);
  Bench bench;
  bench.measureRead();
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(schemes).split(names, ',');
  for (llvm::StringRef name : names) {
    auto scheme = xf::symbolizeScheme(name);
    if (!scheme)
      fail("unknown scheme " + name);
    if (only != "prefill")
      measureModel(bench, *scheme, 1);
    if (only != "decode")
      measureModel(bench, *scheme, chunk);
  }
  return 0;
}
