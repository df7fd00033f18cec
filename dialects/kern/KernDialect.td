// kern: one kernel, target-neutral. A body of upstream arith/math/scf/vector/memref ops over one-dimensional
// bindings, plus the few ops below for what upstream has no word for.
#ifndef SINTER_KERN_DIALECT_TD
#define SINTER_KERN_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Kern_Dialect : Dialect {
  let name = "kern";
  let cppNamespace = "::sinter::kern";
  let summary = "One kernel: bindings, work items, and what the hardware can do";
  let description = [{
    A kernel is called by workers (CPU threads, GPU workgroups). Each worker runs `kern.once` at most once per dispatch and then
    `kern.for_items` for the work items it was given; items are independent of one another.

    On a grid (`group` of the caps is not 0) a worker is a workgroup of `group` lanes, and the body is written for one lane: it runs
    once, for items [%i, %i + items_per_group), which the builder spreads over the lanes itself and bounds by the item count of
    the region. Body ops there: arith and math on index, i1, i32, f32 and vectors of 2 to 4 of them, vector.{broadcast, extract,
    insert, from_elements}, scf.{for, if, while}, memref.{load, store}. An index is an unsigned 32-bit number.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

def Kern_Feature : I64BitEnumAttr<"Feature", "what a device can do", [
    I64BitEnumAttrCaseNone<"none">,
    I64BitEnumAttrCaseBit<"fma", 0>,          // fused multiply-add on f32 vectors
    I64BitEnumAttrCaseBit<"f16_convert", 1>,  // vector conversion f16 <-> f32
    I64BitEnumAttrCaseBit<"dot_u8s8", 2>,     // 4-way u8 x s8 dot product accumulated in i32 without saturation (VNNI, usdot)
    I64BitEnumAttrCaseBit<"dot_s8s8", 3>,     // 4-way s8 x s8 (Arm dotprod)
    I64BitEnumAttrCaseBit<"matrix_s8s8", 4>,  // 2x8 by 8x2 s8 (Arm i8mm smmla/usmmla)
    I64BitEnumAttrCaseBit<"tile_u8s8", 5>,    // 16x64 by 64x16 tiles (Intel AMX)
    I64BitEnumAttrCaseBit<"shader_f16", 6>,   // grids: arithmetic on f16
    I64BitEnumAttrCaseBit<"subgroups", 7>,    // grids: kern.subgroup_reduce and its kin
    I64BitEnumAttrCaseBit<"packed_dot", 8>]> { // grids: dot product of four bytes in a word
  let cppNamespace = "::sinter::kern";
  let genSpecializedAttr = 0;
  let separator = "|";
}

def Kern_CapsAttr : AttrDef<Kern_Dialect, "Caps"> {
  let mnemonic = "caps";
  let summary = "hardware a kernel is specialised to";
  let description = [{
    `simd_bits`: width of a vector register; `registers`: how many of them; `cheap_barriers`: whether workers may meet within a kernel;
    `group`: lanes of a workgroup, 0 for CPU workers. On grids simd_bits is 32, a lane being scalar, and without cheap_barriers
    (software adapters) there is no barrier, no shared memory and no subgroup op: each lane computes whole results. `matrix`: the edge of
    the square f16 matrices that a subgroup multiplies in one instruction, with sums in f32; 0: there is none. `matrix_bytes`: the columns
    of a, rows of b, of the matrices of signed bytes that it multiplies so, too, with sums in i32 that have this edge; 0: there is none.
    Kernels learn about hardware from here and from nothing else.
  }];
  let parameters = (ins "int64_t":$simd_bits, "int64_t":$registers, EnumParameter<Kern_Feature>:$features,
                        DefaultValuedParameter<"bool", "false">:$cheap_barriers,
                        DefaultValuedParameter<"int64_t", "0">:$group,
                        DefaultValuedParameter<"int64_t", "0">:$matrix,
                        DefaultValuedParameter<"int64_t", "0">:$matrix_bytes);
  let builders = [AttrBuilder<(ins "int64_t":$simd_bits, "int64_t":$registers, "Feature":$features, "bool":$cheap_barriers,
                                      CArg<"int64_t", "0">:$group), [{
    return $_get($_ctxt, simd_bits, registers, features, cheap_barriers, group, /*matrix=*/0,
               /*matrix_bytes=*/0);
  }]>];
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    bool has(Feature feature) const { return bitEnumContainsAll(getFeatures(), feature); }
    /// f32 lanes of one vector register.
    int64_t lanes() const { return getSimdBits() / 32; }
    /// Whether workers are workgroups.
    bool isGrid() const { return getGroup() > 0; }
    /// The same with another number of lanes in a workgroup.
    CapsAttr withGroup(int64_t group) const {
      return get(getContext(), getSimdBits(), getRegisters(), getFeatures(), getCheapBarriers(), group, getMatrix(),
                 getMatrixBytes());
    }
  }];
  let genVerifyDecl = 1;
}

def Kern_Scalar : I32EnumAttr<"Scalar", "a number the runtime passes with each dispatch", [
    I32EnumAttrCase<"token_count", 0>, I32EnumAttrCase<"position", 1>, I32EnumAttrCase<"row", 2>]> {
  let cppNamespace = "::sinter::kern";
}

def Kern_Reduction : I32EnumAttr<"Reduction", "how numbers of several lanes become one", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>]> {
  let cppNamespace = "::sinter::kern";
}

def Kern_MatrixUse : I32EnumAttr<"MatrixUse", "what a matrix is in a * b + sum", [
    I32EnumAttrCase<"a", 0>, I32EnumAttrCase<"b", 1>, I32EnumAttrCase<"sum", 2>]> {
  let cppNamespace = "::sinter::kern";
  let genSpecializedAttr = 0;
}

def Kern_MatrixOrder : I32EnumAttr<"MatrixOrder", "what lies in one piece in memory", [
    I32EnumAttrCase<"rows", 0>, I32EnumAttrCase<"columns", 1>]> {
  let cppNamespace = "::sinter::kern";
}

def Kern_MatrixType : TypeDef<Kern_Dialect, "Matrix"> {
  let mnemonic = "matrix";
  let summary = "a matrix that the lanes of a subgroup hold together: `!kern.matrix<16xf16, a>`, `!kern.matrix<16x32xi8, a>`";
  let description = [{
    Which lane holds which element is the device's secret; there are only the ops kern.matrix_*. It may go through loops. `edge` is the
    number of rows of a, of columns of b, and of both of a sum; `depth` the other one of a and b, and the edge of a sum. Square
    matrices are written with one number.
    - matrix_c1: the edge is 8 or 16
    - matrix_c2: elements are f16 or i8 for the uses a and b, f32 or i32 for sum
    - matrix_c3: the depth is the edge, or for i8 any of 8, 16, 32
  }];
  let parameters = (ins "int64_t":$edge, "int64_t":$depth, "::mlir::Type":$element, "MatrixUse":$use);
  let builders = [TypeBuilder<(ins "int64_t":$edge, "::mlir::Type":$element, "MatrixUse":$use), [{
    return $_get($_ctxt, edge, /*depth=*/edge, element, use);
  }]>];
  let extraClassDeclaration = [{
    /// What the depth of bytes may be.
    static bool isByteDepth(int64_t depth) { return depth == 8 || depth == 16 || depth == 32; }
    int64_t getRows() const { return getUse() == MatrixUse::b ? getDepth() : getEdge(); }
    int64_t getColumns() const { return getUse() == MatrixUse::a ? getDepth() : getEdge(); }
    /// Whether it is a factor of signed bytes, or the i32 sum of their products.
    bool isInteger() const { return getElement().isInteger(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

class Kern_Op<string mnemonic, list<Trait> traits = []> : Op<Kern_Dialect, mnemonic, traits>;

#endif
