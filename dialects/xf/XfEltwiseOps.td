// Elementwise ops and slices.
#ifndef SINTER_XF_ELTWISE_OPS_TD
#define SINTER_XF_ELTWISE_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_ActivationKind : I32EnumAttr<"ActivationKind", "pointwise nonlinearity", [
    I32EnumAttrCase<"silu", 0>, I32EnumAttrCase<"gelu", 1>, I32EnumAttrCase<"gelu_tanh", 2>, I32EnumAttrCase<"relu", 3>]> {
  let cppNamespace = "::sinter::xf";
}

def Xf_ActivationOp : Xf_Op<"activation", [Pure, SameOperandsAndResultType]> {
  let summary = "pointwise nonlinearity: silu, gelu (erf), gelu_tanh, relu";
  let description = [{
    - activation_c1: x and result have the same type tensor<TxDxf32>
  }];
  let arguments = (ins Xf_Activation2D:$x, Xf_ActivationKind:$kind);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$kind $x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

class Xf_BinaryOp<string mnemonic, string text> : Xf_Op<mnemonic, [Pure, Commutative, SameOperandsAndResultType]> {
  let summary = text;
  let description = "- " # mnemonic # "_c1: lhs, rhs and result have the same type tensor<TxDxf32>\n";
  let arguments = (ins Xf_Activation2D:$lhs, Xf_Activation2D:$rhs);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasVerifier = 1;
}
def Xf_AddOp : Xf_BinaryOp<"add", "lhs + rhs, elementwise">;
def Xf_MulOp : Xf_BinaryOp<"mul", "lhs * rhs, elementwise">;

def Xf_ScaleOp : Xf_Op<"scale", [Pure, SameOperandsAndResultType]> {
  let summary = "factor * x";
  let description = [{
    - scale_c1: x and result have the same type tensor<TxDxf32>
    - scale_c2: factor is finite
  }];
  let arguments = (ins Xf_Activation2D:$x, F64Attr:$factor);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Xf_SoftcapOp : Xf_Op<"softcap", [Pure, SameOperandsAndResultType]> {
  let summary = "cap * tanh(x / cap)";
  let description = [{
    - softcap_c1: x and result have the same type tensor<TxDxf32>
    - softcap_c2: cap is finite and positive
    Source: Gemma 2, arXiv 2408.00118.
  }];
  let arguments = (ins Xf_Activation2D:$x, F64Attr:$cap);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Xf_SliceOp : Xf_Op<"slice", [Pure]> {
  let summary = "columns [offset, offset + size) of every row; size is the result's";
  let description = [{
    - slice_c1: x is tensor<TxDxf32>, result tensor<TxSxf32>, 0 <= offset, offset + S <= D
  }];
  let arguments = (ins Xf_Activation2D:$x, Sinter_I64Attr:$offset);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
