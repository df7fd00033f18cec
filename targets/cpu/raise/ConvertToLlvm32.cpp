// Upstream's conversions to the LLVM dialect in one pass with one type
// converter, so that an index has 32 bits everywhere.
#include "targets/cpu/raise/CpuPasses.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::cpu {
#define GEN_PASS_DEF_CONVERTTOLLVM32PASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

struct ConvertToLlvm32Pass
    : public sinter::cpu::impl::ConvertToLlvm32PassBase<ConvertToLlvm32Pass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    // What the vector dialect says in several steps, in upstream's order.
    RewritePatternSet simpler(context);
    vector::populateVectorBroadcastLoweringPatterns(simpler);
    vector::populateVectorMaskOpLoweringPatterns(simpler);
    vector::populateVectorShapeCastLoweringPatterns(simpler);
    vector::populateVectorMaskMaterializationPatterns(
        simpler, /*force32BitVectorIndices=*/true);
    vector::populateVectorInsertExtractStridedSliceTransforms(simpler);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(simpler))))
      return signalPassFailure();

    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(32);
    LLVMTypeConverter types(context, options);
    RewritePatternSet patterns(context);
    populateVectorToLLVMConversionPatterns(types, patterns,
                                           /*reassociateFPReductions=*/false,
                                           /*force32BitVectorIndices=*/true);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
