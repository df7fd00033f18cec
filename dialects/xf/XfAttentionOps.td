// Rotary embedding and attention over the KV cache.
#ifndef SINTER_XF_ATTENTION_OPS_TD
#define SINTER_XF_ATTENTION_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_RopeOp : Xf_Op<"rope", [Pure]> {
  let summary = "rotary position embedding of every head";
  let description = [{
    Token t of the chunk stands at position `position + t`, position being the run-time scalar of the entry point. `table`, when
    present, is the [context, dim] table (dim/2 cosines, then dim/2 sines) that `rope` describes, made at compile time.
    - rope_c1: x and result have the same type tensor<TxDxf32>; heads divides D
    - rope_c2: rope.dim is even and at most D / heads
    - rope_c3: table, if present, is tensor<context x rope.dim x f32>
  }];
  let arguments = (ins Xf_Activation2D:$x, Optional<RankedTensorOf<[F32]>>:$table, Sinter_I64Attr:$heads, Xf_RopeAttr:$rope);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$x (`table` $table^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_AppendOp : Xf_Op<"append", [MemoryEffects<[MemWrite]>]> {
  let summary = "write the keys and values of the chunk's tokens to the cache, at position + t";
  let description = [{
    - append_c1: k and v are tensor<Tx(kv_heads*head_dim)xf32>, kv_heads and head_dim being the cache's
  }];
  let arguments = (ins Xf_Activation2D:$k, Xf_Activation2D:$v, Xf_KvCacheType:$cache);
  let assemblyFormat = "$k `,` $v `to` $cache attr-dict `:` type($k) `,` type($v) `,` type($cache)";
  let hasVerifier = 1;
}

def Xf_AttentionOp : Xf_Op<"attention", [MemoryEffects<[MemRead]>]> {
  let summary = "causal attention of q over the cache, the chunk's own tokens having been appended before";
  let description = [{
    out[t, h] = softmax(cap(scale * q[t, h] . K[j, h / (heads / kv_heads)] + bias[h, j])) V[j, ...] over cached positions j with
    j <= position + t and, where window > 0, position + t - j < window. cap(s) is softcap * tanh(s / softcap) where softcap > 0, else s.
    - attention_c1: q and result are tensor<Tx(heads*head_dim)xf32>
    - attention_c2: kv_heads divides heads; kv_heads and head_dim are the cache's
    - attention_c3: scale is finite and positive, window is not negative (0: none), softcap is finite and not negative
    - attention_c4: bias, if present, is tensor<heads x capacity x f32>, capacity being the cache's
  }];
  let arguments = (ins Xf_Activation2D:$q, Xf_KvCacheType:$cache, Optional<RankedTensorOf<[F32]>>:$bias, Sinter_I64Attr:$heads,
                       F64Attr:$scale, DefaultValuedAttr<Sinter_I64Attr, "0">:$window, DefaultValuedAttr<F64Attr, "0.0">:$softcap);
  let results = (outs Xf_Activation2D:$result);
  let assemblyFormat = "$q `,` $cache (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
