// The ops of the kern dialect.
#ifndef SINTER_KERN_OPS_TD
#define SINTER_KERN_OPS_TD
include "dialects/kern/KernDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kern_KernelOp : Kern_Op<"kernel", [IsolatedFromAbove, FunctionOpInterface]> {
  let summary = "a kernel";
  let description = [{
    Arguments are the bindings, in the order of the plan.dispatch: inputs, then results. Each is a one-dimensional memref (`memref<?xf32>`,
    or `memref<?xi8>` for packed bytes, viewed through memref.view), at least 64-byte aligned; no two bindings of which one is
    written overlap.
    - kernel_c1: every argument is a rank-1 memref of integers or floats with identity layout; there are no results
    - kernel_c2: the body is one block with at most one kern.once and exactly one kern.for_items, in that order, directly in it
    - kernel_c3: the body ends in kern.return
    ```
    kern.kernel @add_one(%x: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #kern.caps<...>} {
      kern.for_items %i { ... }
      kern.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, Kern_CapsAttr:$caps,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    /// Bytes of worker-private scratch: the sum of the kern.scratch sizes, each rounded up to 64.
    int64_t getScratchBytes();
  }];
}

def Kern_ReturnOp : Kern_Op<"return", [Pure, Terminator, ReturnLike, HasParent<"KernelOp">]> {
  let summary = "end of a kernel";
  let assemblyFormat = "attr-dict";
}

def Kern_ScalarOp : Kern_Op<"scalar", [Pure]> {
  let summary = "a run-time number: token_count (tokens in this chunk), position (of the first of them), row";
  let arguments = (ins Kern_Scalar:$which);
  let results = (outs Index:$result);
  let assemblyFormat = "$which attr-dict";
}

def Kern_OnceOp : Kern_Op<"once", [SingleBlock, NoTerminator, NoRegionArguments, RecursiveMemoryEffects, HasParent<"KernelOp">]> {
  let summary = "work every worker does once per dispatch, before its first item; results go to scratch";
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
}

def Kern_ForItemsOp : Kern_Op<"for_items", [SingleBlock, NoTerminator, RecursiveMemoryEffects, HasParent<"KernelOp">]> {
  let summary = "the body of one work item; %i runs over the items this worker was given";
  let description = [{
    - for_items_c1: the block has one argument of type index
  }];
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{ ::mlir::BlockArgument getItem() { return getBody().getArgument(0); } }];
}

def Kern_ScratchOp : Kern_Op<"scratch", [MemoryEffects<[MemAlloc]>]> {
  let summary = "worker-private memory that lives as long as the dispatch; 64-byte aligned; contents undefined at first";
  let description = [{
    - scratch_c1: the result is a static rank-1 memref of integers or floats, at most 1 GiB, with identity layout
    - scratch_c2: the op stands directly in the kernel's body
  }];
  let results = (outs MemRefRankOf<[AnyType], [1]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kern_Dot4Op : Kern_Op<"dot4", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + sum over j < 4 of lhs[4i + j] * rhs[4i + j], exact in i32";
  let description = [{
    lhs is unsigned (0..255) where `lhs_unsigned`, else signed; rhs is signed.
    `lhs_small` promises lhs in 0..15 (unpacked nibbles), which lets a target use saturating 16-bit sums; `rhs_symmetric` promises rhs
    in -127..127, so that its sign may be changed in eight bits.
    - dot4_c1: acc is vector<Nxi32>, lhs and rhs vector<4Nxi8>, none of them scalable
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs, UnitAttr:$lhs_unsigned, UnitAttr:$lhs_small, UnitAttr:$rhs_symmetric);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def Kern_PrefetchOp : Kern_Op<"prefetch", []> {
  let summary = "hint: the cache line of base[index] will be read soon; an index beyond the end is harmless";
  let arguments = (ins MemRefRankOf<[AnyType], [1]>:$base, Index:$index);
  let assemblyFormat = "$base `[` $index `]` attr-dict `:` type($base)";
}
#endif
