// Embedding lookup, row selection, and the greedy choice of a token.
#ifndef SINTER_XF_EMBED_OPS_TD
#define SINTER_XF_EMBED_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_EmbeddingOp : Xf_Op<"embedding", [Pure]> {
  let summary = "rows of a table by token id: out[t] = table[tokens[t]]";
  let description = [{
    - embedding_c1: tokens is tensor<Txi32>, table is a [V, D] weight, result is tensor<TxDxf32>
    A token outside [0, V) is refused by the runtime before it reaches the kernel.
  }];
  let arguments = (ins RankedTensorOf<[I32]>:$tokens, RankedTensorOf<[F32]>:$table);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_AddPositionsOp : Xf_Op<"add_positions", [Pure]> {
  let summary = "learned positions: out[t] = x[t] + table[position + t]";
  let description = [{
    `position` is the run-time scalar of the entry point, as in xf.rope.
    - add_positions_c1: x and result have the same type tensor<TxDxf32>
    - add_positions_c2: table is a [P, D] weight; P is at least the context that the entry points are made for
  }];
  let arguments = (ins Xf_Activation2D:$x, RankedTensorOf<[F32]>:$table);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_SelectRowOp : Xf_Op<"select_row", [Pure]> {
  let summary = "one token's row: out[0] = x[row], row being the run-time scalar `row` of the entry point";
  let description = [{
    - select_row_c1: x is tensor<TxDxf32>, result is tensor<1xDxf32>
  }];
  let arguments = (ins Xf_Activation2D:$x);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_ArgmaxOp : Xf_Op<"argmax", [Pure]> {
  let summary = "index of the largest logit of each row; the smallest index wins a tie";
  let description = [{
    - argmax_c1: logits is tensor<TxVxf32>, result is tensor<Txi32>
  }];
  let arguments = (ins Xf_Activation2D:$logits);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "$logits attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
