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

def Xf_LayerNormOp : Xf_Op<"layer_norm", [Pure]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * weight + bias, over each of `groups` equal parts of the last dimension";
  let description = [{
    The variance is that of the part (divided by its size). A weight of D / groups elements is shared by all parts, one of D
    elements gives every part its own.
    - layer_norm_c1: x and result have the same type tensor<TxDxf32>
    - layer_norm_c2: groups divides D; weight is tensor<(D / groups)xf32> or tensor<Dxf32>
    - layer_norm_c3: bias, if present, has the shape of weight
    - layer_norm_c4: epsilon is finite and not negative
    Source: Ba et al., arXiv 1607.06450.
  }];
  let arguments = (ins Xf_Activation2D:$x, RankedTensorOf<[F32]>:$weight, Optional<RankedTensorOf<[F32]>>:$bias,
                       F64Attr:$epsilon, DefaultValuedAttr<Sinter_I64Attr, "1">:$groups);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
