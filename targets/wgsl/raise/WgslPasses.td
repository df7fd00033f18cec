// Passes that bring kern IR for grids into a form whose every op has a WGSL spelling.
#ifndef SINTER_WGSL_PASSES_TD
#define SINTER_WGSL_PASSES_TD
include "mlir/Pass/PassBase.td"

def RaiseComparesPass : Pass<"wgsl-raise-compares"> {
  let summary = "comparisons that see NaN to ordered ones and bits";
  let description = [{
    WGSL compares in order, or not at all: its compilers may take for granted that nothing is NaN. So `uno` and `ord` look at the
    bits, and an unordered predicate is the negation of the opposite ordered one.
    ```
    %r = arith.cmpf uno, %x, %x : f32
    // becomes
    %bits = arith.andi (arith.bitcast %x : f32 to i32), 0x7fffffff : i32
    %r = arith.cmpi ugt, %bits, 0x7f800000 : i32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def RaiseConstantsPass : Pass<"wgsl-raise-constants"> {
  let summary = "infinities and NaN as bits";
  let description = [{
    WGSL has no literal for them, and a constant expression may not have such a value. The bits become a constant that is printed as
    a `let` (attribute `kern.let`), which is no constant expression.
    ```
    %r = arith.constant 0xFF800000 : f32
    // becomes
    %bits = arith.constant {kern.let} -8388608 : i32
    %r = arith.bitcast %bits : i32 to f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def AssignSignsPass : Pass<"wgsl-assign-signs"> {
  let summary = "choose i32 or u32 for every integer";
  let description = [{
    Integers of kern have no sign, and WGSL's have one. An integer (index included) is spelled u32, unless its op has `kern.signed`: what
    gives a signed number (shrsi, divsi, fptosi, ...), and arithmetic all of whose operands are signed or constant. The printer writes a
    bitcast where an op needs the other sign.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

#endif
