// xf: a transformer as an engineer draws it. Tensor-level ops with static hidden sizes, a dynamic token
// count T (the leading `?` dimension) and an implicit position: the KV cache knows how many tokens it holds.
#ifndef SINTER_XF_DIALECT_TD
#define SINTER_XF_DIALECT_TD

include "mlir/IR/OpBase.td"
include "dialects/Integer.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def Xf_Dialect : Dialect {
  let name = "xf";
  let cppNamespace = "::sinter::xf";
  let summary = "Transformer operations on tensors";
  let description = [{
    Activations are `tensor<TxD x f32>`: T tokens (dynamic in a prefill chunk, 1 in a decode step), D static.
    Weights are symbols (`xf.weight`), read by `xf.get_weight` as `tensor<NxKxf32, #xf.quant<scheme>>`; their
    bytes never enter the IR. A module holds `func.func @body` (tokens -> hidden) and `func.func @head`
    (hidden -> logits) until the entry points are split into prefill, decode and head.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Xf_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Xf_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===-- Quantization ------------------------------------------------------------------------------------===//

def Xf_Scheme : I32EnumAttr<"Scheme", "how the numbers of a tensor are stored", [
    I32EnumAttrCase<"f32", 0>, I32EnumAttrCase<"f16", 1>, I32EnumAttrCase<"bf16", 2>,
    I32EnumAttrCase<"q8_0", 3>, I32EnumAttrCase<"q4_0", 4>, I32EnumAttrCase<"dyn_i8", 5>]> {
  let cppNamespace = "::sinter::xf";
  let genSpecializedAttr = 0;
}

def Xf_QuantAttr : Xf_Attr<"Quant", "quant"> {
  let summary = "tensor encoding: the scheme in which the numbers are stored";
  let description = [{
    Weights: `f32`, `f16`, `bf16`, `q8_0` (blocks of 32 along K, f16 scale, int8), `q4_0` (blocks of 32 along K,
    f16 scale, 4-bit q - 8). Activations: `dyn_i8` (blocks of 32, f32 scale = absmax / 127 computed at run
    time, int8 rounded to nearest even). See docs/formats/. The packed byte layout belongs to the target.
  }];
  let parameters = (ins EnumParameter<Xf_Scheme>:$scheme);
  let assemblyFormat = "`<` $scheme `>`";
}

//===-- Rotary position embedding ---------------------------------------------------------------------===//

def Xf_RopeScaling : I32EnumAttr<"RopeScaling", "how rotary frequencies are stretched", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"linear", 1>, I32EnumAttrCase<"llama3", 2>,
    I32EnumAttrCase<"yarn", 3>, I32EnumAttrCase<"factors", 4>]> {
  let cppNamespace = "::sinter::xf";
  let genSpecializedAttr = 0;
}

def Xf_RopeAttr : Xf_Attr<"Rope", "rope"> {
  let summary = "rotary embedding: base, rotated dimensions, scaling";
  let description = [{
    `dim` leading dimensions of each head are rotated in half-split form (dimension i with i + dim/2).
    `values` by scaling: linear [factor]; llama3 [factor, low_freq_factor, high_freq_factor, original_context];
    yarn [factor, beta_fast, beta_slow, original_context, attention_factor, truncate (0 or 1)];
    factors [dim/2 divisors of the frequencies..., attention_factor] (GGUF rope_freqs.weight).
    All values but `truncate` are positive; llama3 has low_freq_factor < high_freq_factor, yarn beta_slow <= beta_fast and theta > 1.
    Source: RoFormer (arXiv 2104.09864), YaRN (arXiv 2309.00071), Llama 3.1 model card.
  }];
  let parameters = (ins "::mlir::FloatAttr":$theta, "int64_t":$dim, EnumParameter<Xf_RopeScaling>:$scaling,
                        OptionalParameter<"::mlir::DenseF64ArrayAttr">:$values);
  let assemblyFormat = "`<` `theta` `=` $theta `,` `dim` `=` $dim `,` $scaling (`,` $values^)? `>`";
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<double> getScalingValues() const {
      return getValues() ? getValues().asArrayRef() : ::llvm::ArrayRef<double>();
    }
  }];
  let genVerifyDecl = 1;
}

//===-- Linear biases of positions ---------------------------------------------------------------------===//

def Xf_AlibiAttr : Xf_Attr<"Alibi", "alibi"> {
  let summary = "attention with linear biases: a table of what a head adds for a key's position";
  let description = [{
    Row h, column j: scale * bf16(slope(h) * j), slope(h) being the bf16 nearest to 2^(-8 (h+1) / n), n the largest power of two that
    is at most `heads`; heads from n on take every other slope of 2n heads. Rounding and scale (that of the scores) are those of
    Falcon's published code. Source: Press et al., arXiv 2108.12409.
  }];
  let parameters = (ins "int64_t":$heads, "::mlir::FloatAttr":$scale);
  let assemblyFormat = "`<` `heads` `=` $heads `,` `scale` `=` $scale `>`";
  let genVerifyDecl = 1;
}

//===-- Where a weight's bytes lie ---------------------------------------------------------------------===//

def Xf_SourceAttr : Xf_Attr<"Source", "source"> {
  let summary = "a tensor in a model file";
  let description = [{
    `name` is the tensor's name in the model's files, looked up in the ModelSource the compile was given; `stored` is the type it is
    stored in ("bf16", "q4_K"). `unpermute_rope` with a number of heads says that the rows of every head are
    interleaved rotary pairs (GGUF's order of llama's q and k) and are to be read in half-split order.
    `rows [first, count, stride]` takes `count` rows from `first` on out of every `stride` rows (q, k or v of a projection that
    has them head by head). `transposed` says that the tensor is stored as [columns, rows] (GPT-2). `plus_one` adds 1 to every
    element, in f32 (Gemma's norms). Each of them at most with a plain order of rows.
    Form: `#xf.source<"name", "bf16", unpermute_rope 2, rows [0, 64, 192], transposed, plus_one>`.
  }];
  let parameters = (ins StringRefParameter<"tensor name">:$name, StringRefParameter<"stored type">:$stored,
                        DefaultValuedParameter<"int64_t", "0">:$unpermute_heads, OptionalArrayRefParameter<"int64_t">:$rows,
                        DefaultValuedParameter<"bool", "false">:$transposed,
                        DefaultValuedParameter<"bool", "false">:$plus_one);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

//===-- Types ------------------------------------------------------------------------------------------===//

def Xf_KvCacheType : TypeDef<Xf_Dialect, "KvCache"> {
  let mnemonic = "kv_cache";
  let summary = "keys and values of one layer, written in place";
  let parameters = (ins "int64_t":$kvHeads, "int64_t":$capacity, "int64_t":$headDim, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $kvHeads `x` $capacity `x` $headDim `,` $elementType `>`";
  let genVerifyDecl = 1;
}

def Xf_Activation2D : RankedTensorOf<[F32]> {
  let summary = "activation tensor<TxDxf32>";
}

class Xf_Op<string mnemonic, list<Trait> traits = []> : Op<Xf_Dialect, mnemonic, traits>;

#endif
