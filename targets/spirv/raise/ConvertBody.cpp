// Upstream's patterns for what is left of a kernel after KernelLowering.cpp,
// and vector.from_elements, for which upstream has none.
#include "targets/spirv/raise/KernelLowering.h"

#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace {

struct FromElementsPattern : OpConversionPattern<vector::FromElementsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(vector::FromElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (!type || !isa<VectorType>(type))
      return failure();
    rewriter.replaceOpWithNewOp<spirv::CompositeConstructOp>(
        op, type, adaptor.getElements());
    return success();
  }
};

/// What patterns may count on: no integers or floats but those of 32 bits.
/// MLIR takes ops of cooperative matrices for SPIR-V 1.6, though the extension
/// asks for 1.3 and our modules are 1.5.
spirv::TargetEnvAttr environment(spirv::ModuleOp module) {
  MLIRContext *context = module.getContext();
  auto own = module->getAttrOfType<spirv::VerCapExtAttr>("vce_triple");
  SmallVector<spirv::Capability> capabilities(own.getCapabilities());
  SmallVector<spirv::Extension> extensions(own.getExtensions());
  if (llvm::is_contained(capabilities, spirv::Capability::CooperativeMatrixKHR))
    own = spirv::VerCapExtAttr::get(spirv::Version::V_1_6, capabilities,
                                    extensions, context);
  return spirv::TargetEnvAttr::get(own,
                                   spirv::getDefaultResourceLimits(context));
}

} // namespace

LogicalResult sinter::spirvtarget::convertBody(spirv::ModuleOp module,
                                               bool keepLoops) {
  MLIRContext *context = module.getContext();
  SPIRVTypeConverter types(environment(module));
  RewritePatternSet patterns(context);
  ScfToSPIRVContext loops;
  arith::populateArithToSPIRVPatterns(types, patterns);
  populateMathToSPIRVPatterns(types, patterns);
  populateSCFToSPIRVPatterns(types, loops, patterns);
  populateVectorToSPIRVPatterns(types, patterns);
  patterns.add<FromElementsPattern>(types, context);
  // Knows what the module's capabilities allow: no OpenCL functions.
  std::unique_ptr<SPIRVConversionTarget> target =
      SPIRVConversionTarget::get(environment(module));
  if (failed(applyFullConversion(module, *target, std::move(patterns))))
    return failure();
  eraseUnreadVariables(module);
  if (keepLoops)
    module.walk([](spirv::LoopOp loop) {
      loop.setLoopControl(spirv::LoopControl::DontUnroll);
    });
  return success();
}
