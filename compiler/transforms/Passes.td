// The xf -> xf passes, in the order the pipeline runs them.
#ifndef SINTER_TRANSFORMS_PASSES_TD
#define SINTER_TRANSFORMS_PASSES_TD
include "mlir/Pass/PassBase.td"

def MaterializeRopeTables : Pass<"xf-materialize-rope-tables", "::mlir::ModuleOp"> {
  let summary = "give every xf.rope the table its attribute describes";
  let description = [{
    One `xf.weight` per distinct #xf.rope, of `context` positions, shared by all layers and entry points.
    ```
    %r = xf.rope %x {heads = 8, rope = #r}
    -->
    xf.weight @rope.0 rope #r : tensor<2048x64xf32, #xf.quant<f32>>
    %t = xf.get_weight @rope.0
    %r = xf.rope %x table %t {heads = 8, rope = #r}
    ```
  }];
  let options = [Option<"context", "context", "int64_t", "2048", "positions the tables hold">];
  let dependentDialects = ["::sinter::xf::XfDialect"];
}

def QuantizeWeights : Pass<"xf-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "choose the scheme of every matrix, and quantize the inputs of integer linears";
  let description = [{
    Matrices used by xf.linear and xf.embedding get `scheme`; with `keep` the scheme nearest to the stored type (q4_0 and q8_0 as they
    are, f16 and bf16 as f16, f32 as f32, other block types as q8_0). Norm weights, biases and rotary tables stay f32. Weights stored in one
    block scheme and converted to another are reported as a remark. Inputs of linears with integer weights are quantized where
    activations are i8 (CPU workers), and left alone where they are f32 (grids).
    ```
    %y = xf.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> ...
    -->
    %q = xf.quantize %x
    %y = xf.linear %q, %w : (tensor<?x64xf32, #xf.quant<dyn_i8>>, tensor<32x64xf32, #xf.quant<q4_0>>) -> ...
    ```
  }];
  let options = [Option<"scheme", "scheme", "std::string", "\"q4\"", "f32, f16, q8, q4 or keep">,
                 Option<"activations", "activations", "std::string", "\"i8\"", "what integer linears multiply: i8 (quantized) or f32 (as they are)">];
  let statistics = [Statistic<"quantized", "matrices-quantized", "matrices whose scheme changed">];
  let dependentDialects = ["::sinter::xf::XfDialect"];
}

def SplitEntryPoints : Pass<"xf-split-entry-points", "::mlir::ModuleOp"> {
  let summary = "make prefill, decode, head and greedy of body and head";
  let description = [{
    `@prefill` is `@body` (any number of tokens), `@decode` is `@body` for one token; `@head` selects one row of the hidden states before it
    computes logits; `@greedy` picks the largest logit. With `sample`, `@sample` draws a token from logits, `sampling` (docs/web.md) and the
    tokens said so far, as many as the context holds but at most 8192.
  }];
  let options = [Option<"sample", "sample", "bool", "false", "make @sample, which grids have kernels for">];
  let dependentDialects = ["::sinter::xf::XfDialect"];
}

def MergeLinears : Pass<"xf-merge-linears", "::mlir::ModuleOp"> {
  let summary = "linears of the same input become one linear and slices";
  let description = [{
    q, k and v read their input once and their weights as one stream; so do gate and up. Only linears of the same scheme, with or
    without bias alike, are merged; the new xf.weight concatenates the sources.
  }];
  let statistics = [Statistic<"merged", "linears-merged", "linears that were merged into another">];
  let dependentDialects = ["::sinter::xf::XfDialect"];
}

def FuseRegions : Pass<"xf-fuse-regions", "::mlir::ModuleOp"> {
  let summary = "gather the ops of every entry point into xf.fused regions, one per kernel";
  let description = [{
    Every op becomes a group of its own; the fusions of fusion/Fusions.def, in that order, join groups; each group becomes an xf.fused.
    Reads of weights and caches stay outside, as inputs. Gate and up do not join a linear beyond `binding-limit`: such a matrix is
    bound in parts, and a part has rows of one of them only.
  }];
  let options = [Option<"bindingLimit", "binding-limit", "int64_t", "0",
                        "largest matrix, in packed bytes, that a region may read in two places; 0: any">];
  let statistics = [Statistic<"regions", "regions", "xf.fused regions made">];
  let dependentDialects = ["::sinter::xf::XfDialect"];
}
#endif
