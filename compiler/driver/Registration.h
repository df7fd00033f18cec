// The dialects and passes that sinter-opt offers. A new group of passes is one
// include, one call in registerAllSinterPasses() and one library in the
// folder's CMakeLists.txt.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace sinter {

/// Inserts xf, plan, kern and the upstream dialects that our stages use.
void registerAllSinterDialects(mlir::DialectRegistry &registry);

/// Registers upstream's general passes (canonicalize, cse, inline, ...) and
/// every pass of ours under its flag. To be called once per process.
void registerAllSinterPasses();

} // namespace sinter
