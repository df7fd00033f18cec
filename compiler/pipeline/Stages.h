// The stages of a compile, one page: what each is called, what it does to the
// module, and what may be in the module after it. The driver runs them; every
// boundary can be stopped at, dumped, and started from again.
#pragma once

#include "compiler/kernels/Schedule.h"
#include "targets/common/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// In running order. After Legalize come emission and the bundle, which are not
/// IR.
enum class Stage {
#define SINTER_STAGE(NAME, FLAG, TEXT) NAME,
#include "compiler/pipeline/Stages.def"
};

llvm::StringRef stageFlag(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef flag);
/// "import, canonicalize, ...", for messages.
std::string stageList();

/// A target and those of its variants that are wanted.
struct TargetChoice {
  const Target *target = nullptr;
  llvm::SmallVector<TargetVariant> variants;
  /// False: its kernels are made for the compiler's own use.
  bool shipped = true;
};

/// What the stages need to know; filled once, by the driver.
struct StageOptions {
  std::string quantization = "q4"; ///< f32, f16, q8, q4 or keep
  int64_t context = 2048;          ///< KV capacity in tokens, a multiple of 16
  int64_t chunk = 128;             ///< most tokens of one prefill call
  PlanKind kind;                   ///< of all targets
  std::vector<TargetChoice> targets; ///< for Kernels and Legalize
  /// For Kernels: schedules that differ from the families' own, by variant.
  std::map<std::string, kernels::ScheduleTable> schedules;
};

/// After stage Kernels: the scratch bytes of an xf.region's kernel, the largest
/// of all variants.
constexpr llvm::StringLiteral kScratchBytesAttr = "sinter.scratch_bytes";

/// Runs one stage (not Import, which makes the module). False after a
/// diagnostic.
bool runStage(Stage stage, mlir::ModuleOp module, const StageOptions &options);

/// Whether the module is what the stage promises: only the ops and dialects of
/// its row in Stages.cpp, after Legalize in kernels those of their target in
/// `targets`. Diagnoses the first op that is out of place.
mlir::LogicalResult verifyStage(Stage stage, mlir::ModuleOp module,
                                const std::vector<TargetChoice> &targets = {});

/// Writes numbered dumps (`02-quantize.mlir`) and an offline index page into a
/// folder.
class StageDumper {
public:
  /// Makes the folder. An empty path dumps nothing.
  static llvm::Expected<StageDumper> create(llvm::StringRef folder);
  llvm::Error dump(Stage stage, mlir::ModuleOp module);
  /// Writes index.html: all dumps with the differences between neighbours.
  llvm::Error writeIndex();
  static std::string fileName(llvm::StringRef folder, Stage stage);

private:
  std::string folder;
  std::vector<Stage> dumped;
};

/// Reads the dump of `stage` from a folder.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
readDump(mlir::MLIRContext *context, llvm::StringRef folder, Stage stage);

} // namespace sinter
