// Packs a whole model as a compile would, without the rest of the pipeline:
//
//   bench_pack MODEL SCHEME OUT [THREADS]
//
// Every matrix becomes a rows16 weight, every vector a vector, in file order.
// Prints seconds, weights per second, the peak resident size and the error.
#include "compiler/bundle/WeightPacker.h"
#include "dialects/xf/Xf.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"

#include <chrono>
#include <cstdlib>
#include <sys/resource.h>

using namespace sinter;

static std::string programText(const ModelSource &source,
                               const quant::Scheme &scheme) {
  std::string weights, entries;
  int64_t offset = 0, end = 0;
  for (const TensorInfo &tensor : source.tensors()) {
    bool matrix = tensor.shape.size() == 2;
    int64_t rows = tensor.shape[0], columns = tensor.rowElements();
    int64_t bytes = matrix
                        ? quant::panelCount(rows) * scheme.panelBytes(columns)
                        : columns * 4;
    std::string name = "@\"" + tensor.name + "\"";
    std::string type = std::to_string(columns) + "xf32, #xf.quant<" +
                       (matrix ? scheme.name().str() : "f32") + ">>";
    if (matrix)
      type = std::to_string(rows) + "x" + type;
    weights += "xf.weight " + name + " from [#xf.source<\"" + tensor.name +
               "\", \"" + dtypeName(tensor.dtype).str() + "\">] : tensor<" +
               type + "\n";
    entries += "plan.weight " + name + " of " + name +
               (matrix ? " \"rows16\"" : " \"vector\"") + " at " +
               std::to_string(offset) + " bytes " + std::to_string(bytes) +
               "\n";
    end = offset + bytes;
    offset = (end + 255) / 256 * 256;
  }
  return weights +
         "plan.program attributes {context = 1, chunk = 1, vocab_size = 1, "
         "arena_bytes = 64, state_bytes = 64, weight_bytes = " +
         std::to_string(end) + "} {\n" + entries + "}\n";
}

static int report(llvm::Error error) {
  llvm::errs() << "bench_pack: " << llvm::toString(std::move(error)) << '\n';
  return 1;
}

int main(int argc, char **argv) {
  const quant::Scheme *scheme = argc > 3 ? quant::findScheme(argv[2]) : nullptr;
  if (!scheme) {
    llvm::errs() << "usage: bench_pack MODEL SCHEME OUT [THREADS]\n";
    return 2;
  }
  auto source = openModel(argv[1]);
  if (!source)
    return report(source.takeError());
  mlir::MLIRContext context;
  context.loadDialect<xf::XfDialect, plan::PlanDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      programText(**source, *scheme), &context);
  auto writer = BundleWriter::create(argv[3]);
  if (!module || !writer)
    return report(writer ? internalError("the program is wrong")
                         : writer.takeError());
  auto begin = std::chrono::steady_clock::now();
  auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         begin)
        .count();
  };
  Progress progress(Progress::modeFor(false));
  WeightPackOptions options;
  options.threads = argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : 0;
  options.progress = &progress;
  auto packed = packWeights(*module->getOps<plan::ProgramOp>().begin(),
                            **source, **writer, options);
  if (!packed)
    return report(packed.takeError());
  double packing = seconds();
  if (llvm::Error error = (*writer)->finish({}))
    return report(std::move(error));
  struct rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  llvm::outs() << llvm::format(
      "{\"weights\": %llu, \"seconds\": %.2f, \"sync_seconds\": %.2f, "
      "\"weights_per_second\": %.4g, \"peak_mib\": %.0f, "
      "\"bits_per_weight\": %.4f, \"relative_error\": %.5f}\n",
      static_cast<unsigned long long>(packed->parameters), packing,
      seconds() - packing, static_cast<double>(packed->parameters) / packing,
      static_cast<double>(usage.ru_maxrss) / 1024, packed->bitsPerWeight,
      packed->total.relativeError());
  return 0;
}
