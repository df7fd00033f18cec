// Matrix products with weights, and dynamic quantization of their inputs.
#ifndef SINTER_XF_LINEAR_OPS_TD
#define SINTER_XF_LINEAR_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_LinearOp : Xf_Op<"linear", [Pure]> {
  let summary = "x * transpose(weight) + bias";
  let description = [{
    - linear_c1: x is tensor<TxKxf32> (encoding none or dyn_i8), weight is a [N, K] weight, result is tensor<TxNxf32>
    - linear_c2: bias, if present, is tensor<Nxf32>
    - linear_c3: a dyn_i8 x needs an integer weight scheme (q8_0, q4_0); an f32 x takes any
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$x, RankedTensorOf<[F32]>:$weight, Optional<RankedTensorOf<[F32]>>:$bias);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_QuantizeOp : Xf_Op<"quantize", [Pure]> {
  let summary = "dynamic int8 quantization of activations in blocks of 32 along the last dimension";
  let description = [{
    Per token and block of 32: scale = max|x| / 127, q = round_to_nearest_even(x / scale) (0 where scale is 0). A last block
    shorter than 32 is padded with zeros.
    - quantize_c1: x is tensor<TxKxf32> without encoding, result has the same shape with encoding dyn_i8
  }];
  let arguments = (ins Xf_Activation2D:$x);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
