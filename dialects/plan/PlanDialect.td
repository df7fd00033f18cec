// plan: the host program. What is serialised to plan.fb is this dialect and nothing else.
#ifndef SINTER_PLAN_DIALECT_TD
#define SINTER_PLAN_DIALECT_TD

include "mlir/IR/OpBase.td"
include "dialects/Integer.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::sinter::plan";
  let summary = "Entry points, dispatches, buffers with lifetimes, state, weights";
  let description = [{
    Everything has a byte offset: weights in the weight file, buffers in the activation arena, states in the state arena. Nothing is
    allocated while the program runs.
  }];
}

def Plan_Space : I32EnumAttr<"Space", "which arena a range of bytes lies in", [
    I32EnumAttrCase<"weights", 0>, I32EnumAttrCase<"arena", 1>, I32EnumAttrCase<"state", 2>]> {
  let cppNamespace = "::sinter::plan";
  let genSpecializedAttr = 0;
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;
#endif
