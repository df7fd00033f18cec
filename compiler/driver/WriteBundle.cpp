#include "compiler/driver/WriteBundle.h"
llvm::Error sinter::writeBundle(const BundleInput &, CompileReport &) { return llvm::Error::success(); }
