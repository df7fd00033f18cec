// Symbols for weights and caches, and the regions that fusion makes.
#ifndef SINTER_XF_STRUCTURE_OPS_TD
#define SINTER_XF_STRUCTURE_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_WeightOp : Xf_Op<"weight", [Symbol]> {
  let summary = "a weight: its type, and the tensor(s) of the model's files it is made of";
  let description = [{
    Several sources are concatenated along rows (q, k and v read as one matrix). A weight without sources is made by the
    compiler: `rope` names the rotary table it holds, `alibi` the table of position biases.
    - weight_c1: the type is a static tensor of f32 of rank 1 or 2, no dimension zero, with a #xf.quant encoding other than dyn_i8;
      rank 1 is stored as floats
    - weight_c2: exactly one of sources (not empty), rope and alibi is given
    - weight_c3: a rotary table is tensor<context x rope.dim x f32, #xf.quant<f32>>
    - weight_c4: a table of position biases is tensor<alibi.heads x context x f32, #xf.quant<f32>>
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<TypedArrayAttrBase<Xf_SourceAttr, "sources">>:$sources, OptionalAttr<Xf_RopeAttr>:$rope,
                       OptionalAttr<Xf_AlibiAttr>:$alibi);
  let assemblyFormat = "$sym_name (`from` $sources^)? (`rope` $rope^)? (`alibi` $alibi^)? attr-dict `:` $type";
  let hasVerifier = 1;
}

def Xf_GetWeightOp : Xf_Op<"get_weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight symbol";
  let description = [{
    - get_weight_c1: the symbol is an xf.weight of the result's type
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Xf_StateOp : Xf_Op<"state", [Symbol]> {
  let summary = "a KV cache";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Xf_KvCacheType>:$type);
  let assemblyFormat = "$sym_name attr-dict `:` $type";
}

def Xf_GetStateOp : Xf_Op<"get_state", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a state symbol";
  let description = [{
    - get_state_c1: the symbol is an xf.state of the result's type
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Xf_KvCacheType:$result);
  let assemblyFormat = "$state attr-dict `:` type($result)";
}

def Xf_FusedOp : Xf_Op<"fused", [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects]> {
  let summary = "ops that one kernel family computes together";
  let description = [{
    - fused_c1: block arguments have the operands' types; yielded types are the results'
    - fused_c2: the body holds only xf ops, and neither symbols nor a nested xf.fused
    ```
    %1 = xf.fused "norm_linear" (%x, %g, %w) : (...) -> tensor<1x512xf32> {
    ^bb0(%a: tensor<1x256xf32>, ...):
      ...
      xf.yield %r : tensor<1x512xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$label, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$label `(` $inputs `)` attr-dict `:` functional-type($inputs, $results) $body";
  let hasVerifier = 1;
}

def Xf_YieldOp : Xf_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["FusedOp", "RegionOp"]>]> {
  let summary = "results of a fused region";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

def Xf_RegionOp : Xf_Op<"region", [IsolatedFromAbove, FunctionOpInterface]> {
  let summary = "a fused region as a symbol: what a plan.dispatch computes, shared by all layers of the same shape";
  let description = [{
    Outlined from xf.fused by XfToPlan; kernel families read it. Arguments are activations (f32, possibly dyn_i8), weights, tokens
    and caches; results are activations or tokens.
    - region_c1: the body is one block that ends in xf.yield of the result types
    - region_c2: the body holds only xf ops, and neither symbols nor xf.fused
    - region_c3: arguments are ranked tensors and caches, results ranked tensors
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}
#endif
