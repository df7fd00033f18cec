// Normalisations of kern IR for grids that every shader language needs, whatever its spelling.
#ifndef SINTER_GRID_PASSES_TD
#define SINTER_GRID_PASSES_TD
include "mlir/Pass/PassBase.td"

def GridExpandMathPass : Pass<"grid-expand-math"> {
  let summary = "replace math functions that shader languages lack";
  let description = [{
    erf becomes upstream's polynomial, tanh a quotient of exponentials that cannot overflow, round (half away from zero), floordivsi,
    ceildivsi and ceildivui become simpler ops. What GLSL and WGSL have as built-in functions stays.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def GridReduceDivisionPass : Pass<"grid-reduce-division"> {
  let summary = "divisions by powers of two to shifts and masks";
  let description = [{
    arith.divui and arith.remui, which index arithmetic is full of. Drivers without an optimiser (SwiftShader) divide lane by lane.
    ```
    %q = arith.divui %x, 16     // arith.shrui %x, 4
    %r = arith.remui %x, 16     // arith.andi %x, 15
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def GridExpandVectorsPass : Pass<"grid-expand-vectors"> {
  let summary = "reduce vector ops to broadcast, extract and from_elements";
  let description = [{
    ```
    %r = vector.insert %s, %v[1] : f32 into vector<4xf32>
    // becomes
    %r = vector.from_elements %v[0], %s, %v[2], %v[3] : vector<4xf32>
    ```
    Likewise vector.splat, vector.shuffle, vector.fma, and vector.reduction, which sums in the order of the elements.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif
