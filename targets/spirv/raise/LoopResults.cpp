// What scf.for leaves behind. Upstream's pattern keeps results in variables
// that are stored to in the loop's body only, so that a loop which never runs
// would give garbage. Results go through variables of ours, with the initial
// values stored before the loop; upstream's are then never read, and go.
#include "targets/spirv/raise/KernelLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

void sinter::spirvtarget::keepLoopResults(scf::ForOp loop) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  for (auto [result, init, yielded] :
       llvm::zip(loop.getResults(), loop.getInitArgs(),
                 loop.getBody()->getTerminator()->getOperands())) {
    if (result.use_empty())
      continue;
    // Memory holds no index; its width is that of i32 here.
    bool isIndex = result.getType().isIndex();
    Type type = isIndex ? builder.getI32Type() : result.getType();
    auto convert = [&](Value value, Type to) -> Value {
      if (value.getType() == to)
        return value;
      return builder.create<arith::IndexCastUIOp>(loc, to, value);
    };
    builder.setInsertionPoint(loop);
    Value variable = builder.create<spirv::VariableOp>(
        loc, spirv::PointerType::get(type, spirv::StorageClass::Function),
        spirv::StorageClass::Function, nullptr);
    builder.create<spirv::StoreOp>(loc, variable, convert(init, type));
    builder.setInsertionPoint(loop.getBody()->getTerminator());
    builder.create<spirv::StoreOp>(loc, variable, convert(yielded, type));
    builder.setInsertionPointAfter(loop);
    Value loaded = builder.create<spirv::LoadOp>(loc, variable);
    result.replaceAllUsesWith(convert(loaded, result.getType()));
  }
}

void sinter::spirvtarget::eraseUnreadVariables(spirv::ModuleOp module) {
  SmallVector<spirv::VariableOp> unread;
  module.walk([&](spirv::VariableOp variable) {
    if (llvm::all_of(variable->getUsers(), [&](Operation *user) {
          if (auto store = dyn_cast<spirv::StoreOp>(user))
            return store.getPtr() == variable.getResult();
          return isa<spirv::LoadOp>(user) && user->use_empty();
        }))
      unread.push_back(variable);
  });
  for (spirv::VariableOp variable : unread) {
    for (Operation *user : llvm::make_early_inc_range(variable->getUsers()))
      user->erase();
    variable.erase();
  }
}
