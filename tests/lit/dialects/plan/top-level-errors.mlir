// A program that is itself the top of the module: dispatches find no kernels.
// RUN: not sinter-opt --no-implicit-module %s 2>&1 | FileCheck %s
// CHECK: error: 'plan.dispatch' op kernel @f does not exist (dispatch_c1)
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
    plan.dispatch @f [] items 1 per 0
  }
}
