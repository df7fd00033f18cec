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
    - kernel_c1: every argument is a rank-1 memref of integers or floats with identity layout; there are no results. On a grid the
      element is i32, f32, or a vector of four of them for aligned access to neighbours
    - kernel_c2: the body is one block with at most one kern.once and exactly one kern.for_items, in that order, directly in it
    - kernel_c3: the body ends in kern.return
    - kernel_c4: `items_per_group`, the items a workgroup takes, is at least 1, and is 1 where there are no workgroups
    - kernel_c5: the kern attributes of an argument are the unit `kern.readonly` (a weight; nothing in the kernel writes it) and the
      string `kern.name` (what printed kernels call it)

    The string `kern.name` on an op of the body is likewise what printed kernels call its result.
    ```
    kern.kernel @add_one(%x: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #kern.caps<...>} {
      kern.for_items %i { ... }
      kern.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, Kern_CapsAttr:$caps,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs,
                       DefaultValuedOptionalAttr<I64Attr, "1">:$items_per_group);
  let regions = (region AnyRegion:$body);
  let skipDefaultBuilders = 1; // they would print an items_per_group of 1
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::FunctionType":$type, "CapsAttr":$caps,
                                 CArg<"::mlir::ArrayAttr", "{}">:$arg_attrs, CArg<"::mlir::ArrayAttr", "{}">:$res_attrs), [{
    Properties &properties = $_state.getOrAddProperties<Properties>();
    properties.sym_name = $_builder.getStringAttr(name);
    properties.function_type = ::mlir::TypeAttr::get(type);
    properties.caps = caps;
    properties.arg_attrs = arg_attrs;
    properties.res_attrs = res_attrs;
    $_state.addRegion();
  }]>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    bool isGrid() { return getCaps().isGrid(); }
    /// Bytes of worker-private scratch the runtime provides: the sum of the kern.scratch sizes, each rounded up to 64; 0 on a
    /// grid, whose kernels bring their own.
    int64_t getScratchBytes();
    /// Bytes of memory the lanes of a workgroup share: the sum of the shared kern.scratch sizes, each rounded up to 16.
    int64_t getSharedBytes();
    /// Marks an argument as a weight.
    static constexpr ::llvm::StringLiteral kReadonlyAttr = "kern.readonly";
    /// What printed kernels call an argument, or the result of an op.
    static constexpr ::llvm::StringLiteral kNameAttr = "kern.name";
    bool isReadonly(unsigned argument) { return bool(getArgAttr(argument, kReadonlyAttr)); }
    void setReadonly(unsigned argument) {
      setArgAttr(argument, kReadonlyAttr, ::mlir::UnitAttr::get(getContext()));
    }
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
    On a grid it is private to a lane, or, where `shared`, memory of the workgroup.
    - scratch_c1: the result is a static rank-1 memref of integers or floats, at most 1 GiB, with identity layout. On a grid the
      element is i32, f32, or a vector of four of them
    - scratch_c2: the op stands directly in the kernel's body
    - scratch_c3: `shared` only on a grid with cheap barriers
  }];
  let arguments = (ins UnitAttr:$shared);
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

//===-- Grids ---------------------------------------------------------------------------------------------------------===//

def Kern_LaneOp : Kern_Op<"lane", [Pure]> {
  let summary = "this lane of the workgroup, 0 <= lane < group";
  let description = [{
    - lane_c1: only on a grid
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Kern_BlockOp : Kern_Op<"block", [Pure]> {
  let summary = "index of the block of tokens this workgroup works on: the grid's y";
  let description = [{
    Always 0 where the items of a dispatch do not depend on the token count.
    - block_c1: only on a grid
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Kern_BarrierOp : Kern_Op<"barrier"> {
  let summary = "all lanes of the workgroup meet; what they wrote to shared memory is seen by all";
  let description = [{
    Only where all lanes of the workgroup come by.
    - barrier_c1: only on a grid with cheap barriers
  }];
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Kern_SubgroupReduceOp : Kern_Op<"subgroup_reduce", [AllTypesMatch<["x", "result"]>]> {
  let summary = "the sum or the maximum over the lanes of the subgroup, in every one of them";
  let description = [{
    Only where all lanes of the subgroup come by.
    - subgroup_reduce_c1: only on a grid with subgroups and cheap barriers
  }];
  let arguments = (ins Kern_Reduction:$kind, F32:$x);
  let results = (outs F32:$result);
  let assemblyFormat = "$kind $x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Kern_SubgroupLaneOp : Kern_Op<"subgroup_lane", [Pure]> {
  let summary = "this lane's index in its subgroup";
  let description = [{
    - subgroup_lane_c1: only on a grid with subgroups and cheap barriers
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Kern_SubgroupSizeOp : Kern_Op<"subgroup_size", [Pure]> {
  let summary = "lanes of a subgroup: a power of two from 4 to 128, known when the kernel runs";
  let description = [{
    Lanes [k * size, (k + 1) * size) of a workgroup are a subgroup.
    - subgroup_size_c1: only on a grid with subgroups and cheap barriers
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Kern_UnpackF16Op : Kern_Op<"unpack_f16", [Pure]> {
  let summary = "the two f16 of a word as f32; the first is the lower half";
  let arguments = (ins I32:$word);
  let results = (outs VectorOfLengthAndType<[2], [F32]>:$result);
  let assemblyFormat = "$word attr-dict `:` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$word), [{
    build($_builder, $_state, ::mlir::VectorType::get({2}, $_builder.getF32Type()), word);
  }]>];
}

def Kern_PackF16Op : Kern_Op<"pack_f16", [Pure]> {
  let summary = "two f32 as f16 in a word, the first in the lower half; undefined beyond +-65504";
  let arguments = (ins VectorOfLengthAndType<[2], [F32]>:$pair);
  let results = (outs I32:$word);
  let assemblyFormat = "$pair attr-dict `:` type($pair)";
}

def Kern_BitcastF16Op : Kern_Op<"bitcast_f16", [Pure]> {
  let summary = "the two f16 of a word as they are, to calculate with; the first is the lower half";
  let description = [{
    - bitcast_f16_c1: only on a grid with shader_f16
  }];
  let arguments = (ins I32:$word);
  let results = (outs VectorOfLengthAndType<[2], [F16]>:$result);
  let assemblyFormat = "$word attr-dict `:` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$word), [{
    build($_builder, $_state, ::mlir::VectorType::get({2}, $_builder.getF16Type()), word);
  }]>];
  let hasVerifier = 1;
}

def Kern_PackedDotOp : Kern_Op<"packed_dot", [Pure]> {
  let summary = "the sum of the products of four signed bytes in each of two words";
  let description = [{
    - packed_dot_c1: only on a grid with packed_dot
  }];
  let arguments = (ins I32:$lhs, I32:$rhs);
  let results = (outs I32:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict";
  let hasVerifier = 1;
}

//===-- Matrices of a subgroup ----------------------------------------------------------------------------------------===//

def Kern_MatrixFillOp : Kern_Op<"matrix_fill", [Pure,
    TypesMatchWith<"the number is an element of the matrix", "result", "value",
                   "::llvm::cast<MatrixType>($_self).getElement()">]> {
  let summary = "a matrix of equal numbers, a sum";
  let description = [{
    Only where all lanes of the subgroup come by, with the same number.
    - matrix_fill_c1: only on a grid whose caps have matrices of this shape
  }];
  let arguments = (ins AnyTypeOf<[F32, I32]>:$value);
  let results = (outs Kern_MatrixType:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kern_MatrixLoadOp : Kern_Op<"matrix_load"> {
  let summary = "a matrix out of workgroup memory: f16, two in a word, or bytes, four in a word";
  let description = [{
    `order` says whether rows or columns lie in one piece; the next one is `stride` words further. Only where all lanes of the subgroup
    come by, with the same index, which is a multiple of four, or of the words of a row (or column) where they are fewer.
    ```
    %a = kern.matrix_load %tile[%at] rows stride 20 : memref<1280xi32> -> !kern.matrix<16xf16, a>
    ```
    - matrix_load_c1: only on a grid whose caps have matrices of this shape
    - matrix_load_c2: the memory is a shared kern.scratch of words, the use a or b
    - matrix_load_c3: the stride is a multiple of four words and holds a row (or column)
  }];
  let arguments = (ins Arg<MemRefRankOf<[I32], [1]>, "words", [MemRead]>:$memory, Index:$index, Kern_MatrixOrder:$order,
                       I64Attr:$stride);
  let results = (outs Kern_MatrixType:$result);
  let assemblyFormat = [{
    $memory `[` $index `]` $order `stride` $stride attr-dict `:` type($memory) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Kern_MatrixSpreadOp : Kern_Op<"matrix_spread"> {
  let summary = "a matrix of equal rows, or of equal columns, out of workgroup memory";
  let description = [{
    `rows`: every row is the f32 numbers from the index on; `columns`: every column is. Only where all lanes of the subgroup come by,
    with the same index, which is a multiple of four.
    ```
    %s = kern.matrix_spread %scales[%at] columns : memref<128xf32> -> !kern.matrix<16xf32, sum>
    ```
    - matrix_spread_c1: only on a grid whose caps have matrices of this shape
    - matrix_spread_c2: the memory is a shared kern.scratch of f32, the use is sum, of f32
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32], [1]>, "numbers", [MemRead]>:$memory, Index:$index, Kern_MatrixOrder:$order);
  let results = (outs Kern_MatrixType:$result);
  let assemblyFormat = "$memory `[` $index `]` $order attr-dict `:` type($memory) `->` type($result)";
  let hasVerifier = 1;
}

def Kern_MatrixMultiplyAddOp : Kern_Op<"matrix_multiply_add", [Pure, AllTypesMatch<["sum", "result"]>]> {
  let summary = "a * b + sum: of f16 in f32, of bytes exactly in i32";
  let description = [{
    Only where all lanes of the subgroup come by.
    - matrix_multiply_add_c1: only on a grid whose caps have matrices of this shape
    - matrix_multiply_add_c2: the uses are a, b and sum; a and b have one element and depth, all three one edge; the sum is i32 where
      a and b are i8
  }];
  let arguments = (ins Kern_MatrixType:$a, Kern_MatrixType:$b, Kern_MatrixType:$sum);
  let results = (outs Kern_MatrixType:$result);
  let assemblyFormat = "$a `,` $b `,` $sum attr-dict `:` type($a) `,` type($b) `,` type($sum)";
  let hasVerifier = 1;
}

def Kern_MatrixScaledAddOp : Kern_Op<"matrix_scaled_add", [Pure, AllTypesMatch<["left", "right", "total", "result"]>]> {
  let summary = "total + left * right * f32(sum), element by element";
  let description = [{
    What a block of bytes adds to a product whose rows and columns have a scale for each block. Only where all lanes of the subgroup
    come by.
    - matrix_scaled_add_c1: only on a grid whose caps have matrices of this shape
    - matrix_scaled_add_c2: all uses are sum, of one edge; `sum` is i32, the others f32
  }];
  let arguments = (ins Kern_MatrixType:$sum, Kern_MatrixType:$left, Kern_MatrixType:$right, Kern_MatrixType:$total);
  let results = (outs Kern_MatrixType:$result);
  let assemblyFormat = "$sum `,` $left `,` $right `,` $total attr-dict `:` type($sum) `,` type($total)";
  let hasVerifier = 1;
}

def Kern_MatrixStoreOp : Kern_Op<"matrix_store"> {
  let summary = "writes a matrix of sums to workgroup memory";
  let description = [{
    As kern.matrix_load, of f32.
    - matrix_store_c1: only on a grid whose caps have matrices of this shape
    - matrix_store_c2: the memory is a shared kern.scratch of f32, the use is sum, of f32
    - matrix_store_c3: the stride is a multiple of four and holds a row (or column)
  }];
  let arguments = (ins Kern_MatrixType:$matrix, Arg<MemRefRankOf<[F32], [1]>, "numbers", [MemWrite]>:$memory, Index:$index,
                       Kern_MatrixOrder:$order, I64Attr:$stride);
  let assemblyFormat = [{
    $matrix `,` $memory `[` $index `]` $order `stride` $stride attr-dict `:` type($matrix) `,` type($memory)
  }];
  let hasVerifier = 1;
}
#endif
