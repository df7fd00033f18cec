// Normalisations.
#ifndef SINTER_XF_NORM_OPS_TD
#define SINTER_XF_NORM_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_RmsNormOp : Xf_Op<"rms_norm", [Pure]> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * weight, over each of `groups` equal parts of the last dimension";
  let description = [{
    groups = 1 is the usual norm; groups = heads with a weight of head_dim elements is the per-head q/k norm.
    - rms_norm_c1: x and result have the same type tensor<TxDxf32>
    - rms_norm_c2: weight is tensor<(D / groups)xf32> and groups divides D
    - rms_norm_c3: epsilon is finite and not negative
    Source: Zhang and Sennrich, arXiv 1910.07467.
  }];
  let arguments = (ins Xf_Activation2D:$x, RankedTensorOf<[F32]>:$weight, F64Attr:$epsilon,
                       DefaultValuedAttr<Sinter_I64Attr, "1">:$groups);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
