// The stages as code and as data. See Stages.h.
#include "compiler/pipeline/Stages.h"

#include "compiler/lowering/XfToPlan.h"
#include "compiler/transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace sinter;

namespace {
struct StageInfo {
  Stage stage;
  StringRef flag;
  StringRef text;
};
} // namespace

static const StageInfo kStages[] = {
#define SINTER_STAGE(NAME, FLAG, TEXT) {Stage::NAME, FLAG, TEXT},
#include "compiler/pipeline/Stages.def"
};

StringRef sinter::stageFlag(Stage stage) {
  return kStages[static_cast<size_t>(stage)].flag;
}

std::optional<Stage> sinter::parseStage(StringRef flag) {
  for (const StageInfo &info : kStages)
    if (info.flag == flag)
      return info.stage;
  return std::nullopt;
}

std::string sinter::stageList() {
  std::string list;
  for (const StageInfo &info : kStages)
    list += (list.empty() ? "" : ", ") + info.flag.str();
  return list;
}

//===-- What each stage does ----------------------------------------------===//

/// Clean-up runs at stage ends only.
static void addCleanup(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

static void populateXfStage(Stage stage, OpPassManager &passes,
                            const StageOptions &options) {
  if (stage == Stage::Canonicalize)
    passes.addPass(createMaterializeRopeTables({options.context}));
  if (stage == Stage::Quantize)
    passes.addPass(createQuantizeWeights(
        {options.quantization, options.kind.grid ? "f32" : "i8"}));
  if (stage == Stage::Fuse) {
    passes.addPass(createSplitEntryPoints({options.kind.grid}));
    passes.addPass(createMergeLinears());
    int64_t limit = options.kind.bindingLimit;
    passes.addPass(createFuseRegions({limit == INT64_MAX ? 0 : limit}));
  }
  addCleanup(passes);
}

/// Notes on every region how much scratch its hungriest variant needs; after
/// legalization nobody can tell.
static void noteScratch(ModuleOp module) {
  SymbolTable symbols(module);
  Builder builder(module.getContext());
  for (xf::RegionOp region : kernelRegions(module)) {
    int64_t bytes = 0;
    for (auto variant : module.getOps<ModuleOp>())
      if (auto kernel = variant.lookupSymbol<kern::KernelOp>(region.getName()))
        bytes = std::max(bytes, kernel.getScratchBytes());
    region->setAttr(kScratchBytesAttr, builder.getI64IntegerAttr(bytes));
  }
}

static bool runKernels(ModuleOp module, const StageOptions &options) {
  for (const TargetChoice &choice : options.targets)
    for (const TargetVariant &variant : choice.variants) {
      auto tuned = options.schedules.find(variant.name);
      if (failed(buildKernels(module, variant.name, variant.caps,
                              tuned == options.schedules.end()
                                  ? kernels::ScheduleTable()
                                  : tuned->second)))
        return false;
    }
  noteScratch(module);
  return true;
}

static bool legalizeVariant(ModuleOp module, SymbolTable &symbols,
                            const Target &target,
                            const TargetVariant &variant) {
  auto kernels = symbols.lookup<ModuleOp>(variant.name);
  if (!kernels) {
    module.emitError() << "the module of variant " << variant.name
                       << " is missing";
    return false;
  }
  PassManager passes(module.getContext());
  target.populateLegalize(passes, variant);
  return succeeded(passes.run(kernels));
}

static bool runLegalize(ModuleOp module, const StageOptions &options) {
  SymbolTable symbols(module);
  return llvm::all_of(options.targets, [&](const TargetChoice &choice) {
    return llvm::all_of(choice.variants, [&](const TargetVariant &variant) {
      return legalizeVariant(module, symbols, *choice.target, variant);
    });
  });
}

bool sinter::runStage(Stage stage, ModuleOp module,
                      const StageOptions &options) {
  switch (stage) {
  case Stage::Import:
    return true;
  case Stage::Canonicalize:
  case Stage::Quantize:
  case Stage::Fuse: {
    if (stage == Stage::Quantize && options.kind.grid)
      module->setAttr(kernels::kGridAttr, UnitAttr::get(module.getContext()));
    PassManager passes(module.getContext());
    populateXfStage(stage, passes, options);
    return succeeded(passes.run(module));
  }
  case Stage::Plan:
    return succeeded(
        lowerXfToPlan(module, {options.chunk, options.kind.alignment,
                               options.kind.bindingLimit}));
  case Stage::Kernels:
    return runKernels(module, options);
  case Stage::Legalize:
    return runLegalize(module, options);
  }
  llvm_unreachable("all stages are listed");
}

//===-- What may be in the module afterwards ------------------------------===//

/// Dialects and ops that may stand in a module after a stage; an op's name
/// allows that op, a dialect's name all of its ops.
static ArrayRef<StringRef> allowedAfter(Stage stage) {
  static const StringRef xf[] = {"builtin", "func", "xf"};
  static const StringRef plan[] = {"builtin", "xf", "plan"};
  static const StringRef kernels[] = {"builtin", "xf",     "plan",
                                      "kern",    "arith",  "math",
                                      "scf",     "vector", "memref"};
  switch (stage) {
  case Stage::Import:
  case Stage::Canonicalize:
  case Stage::Quantize:
  case Stage::Fuse:
    return xf;
  case Stage::Plan:
  case Stage::Legalize: // and kernels, see legalKernelDialects
    return plan;
  case Stage::Kernels:
    return kernels;
  }
  llvm_unreachable("all stages are listed");
}

/// Dialects in a legalized module of kernels; empty for an unknown variant.
static ArrayRef<StringRef>
legalKernelDialects(ModuleOp kernels,
                    const std::vector<TargetChoice> &targets) {
  for (const TargetChoice &choice : targets)
    for (const TargetVariant &variant : choice.variants)
      if (kernels.getSymName() == StringRef(variant.name))
        return choice.target->legalDialects();
  return {};
}

/// Beyond dialects: what each xf stage has established.
static LogicalResult verifyOp(Stage stage, Operation *op, bool takesFloats) {
  if (auto rope = dyn_cast<xf::RopeOp>(op))
    if (stage >= Stage::Canonicalize && !rope.getTable())
      return op->emitOpError("has no table after stage canonicalize");
  if (auto linear = dyn_cast<xf::LinearOp>(op))
    if (stage >= Stage::Quantize && !takesFloats &&
        xf::isIntegerScheme(xf::getScheme(linear.getWeight().getType())) &&
        xf::getScheme(linear.getX().getType()) != xf::Scheme::dyn_i8)
      return op->emitOpError("has an unquantized input after stage quantize");
  if (stage == Stage::Fuse && isa<func::FuncOp>(op->getParentOp()) &&
      !isa<xf::FusedOp, xf::GetWeightOp, xf::GetStateOp, func::ReturnOp>(op))
    return op->emitOpError("stands outside of xf.fused after stage fuse");
  return success();
}

LogicalResult sinter::verifyStage(Stage stage, ModuleOp module,
                                  const std::vector<TargetChoice> &targets) {
  bool grid = module->hasAttr(kernels::kGridAttr);
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    if (op == module)
      return WalkResult::advance();
    ArrayRef<StringRef> allowed = allowedAfter(stage);
    auto parent = op->getParentOfType<ModuleOp>();
    if (stage == Stage::Legalize && parent != module)
      allowed = legalKernelDialects(parent, targets);
    if (!llvm::is_contained(allowed, op->getName().getDialectNamespace()))
      return op->emitOpError("is not legal after stage ") << stageFlag(stage);
    return verifyOp(stage, op, grid);
  });
  return failure(result.wasInterrupted());
}
