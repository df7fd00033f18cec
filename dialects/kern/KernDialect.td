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
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Kern_Feature : I64BitEnumAttr<"Feature", "what a device can do", [
    I64BitEnumAttrCaseNone<"none">,
    I64BitEnumAttrCaseBit<"fma", 0>,          // fused multiply-add on f32 vectors
    I64BitEnumAttrCaseBit<"f16_convert", 1>,  // vector conversion f16 <-> f32
    I64BitEnumAttrCaseBit<"dot_u8s8", 2>,     // 4-way u8 x s8 dot product accumulated in i32 without saturation (VNNI, usdot)
    I64BitEnumAttrCaseBit<"dot_s8s8", 3>,     // 4-way s8 x s8 (Arm dotprod)
    I64BitEnumAttrCaseBit<"matrix_s8s8", 4>,  // 2x8 by 8x2 s8 (Arm i8mm smmla/usmmla)
    I64BitEnumAttrCaseBit<"tile_u8s8", 5>]> { // 16x64 by 64x16 tiles (Intel AMX)
  let cppNamespace = "::sinter::kern";
  let genSpecializedAttr = 0;
  let separator = "|";
}

def Kern_CapsAttr : AttrDef<Kern_Dialect, "Caps"> {
  let mnemonic = "caps";
  let summary = "hardware a kernel is specialised to";
  let description = [{
    `simd_bits`: width of a vector register; `registers`: how many of them; `cheap_barriers`: whether workers may meet within a kernel.
    Kernels learn about hardware from here and from nothing else.
  }];
  let parameters = (ins "int64_t":$simd_bits, "int64_t":$registers, EnumParameter<Kern_Feature>:$features,
                        DefaultValuedParameter<"bool", "false">:$cheap_barriers);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    bool has(Feature feature) const { return bitEnumContainsAll(getFeatures(), feature); }
    /// f32 lanes of one vector register.
    int64_t lanes() const { return getSimdBits() / 32; }
  }];
  let genVerifyDecl = 1;
}

def Kern_Scalar : I32EnumAttr<"Scalar", "a number the runtime passes with each dispatch", [
    I32EnumAttrCase<"token_count", 0>, I32EnumAttrCase<"position", 1>, I32EnumAttrCase<"row", 2>]> {
  let cppNamespace = "::sinter::kern";
}

class Kern_Op<string mnemonic, list<Trait> traits = []> : Op<Kern_Dialect, mnemonic, traits>;

#endif
