// sinter-opt: MLIR's opt tool with our dialects and passes; the flags are
// upstream's, unchanged (sinter-opt --help).
#include "compiler/driver/Registration.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  sinter::registerAllSinterDialects(registry);
  sinter::registerAllSinterPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Sinter optimizer driver\n", registry));
}
