// The ops of the plan dialect.
#ifndef SINTER_PLAN_OPS_TD
#define SINTER_PLAN_OPS_TD
include "dialects/plan/PlanDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_ProgramOp : Plan_Op<"program", [IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments, SymbolTable]> {
  let summary = "the whole host program of a bundle";
  let description = [{
    - program_c1: the body holds plan.weight, plan.part, plan.state, plan.buffer, plan.entry, in this order, and nothing else
    - program_c2: ranges of weights do not overlap and lie below weight_bytes; the same for states and state_bytes
    - program_c3: two buffers whose lifetimes meet do not overlap; all lie below arena_bytes
    - program_c4: context, chunk and vocab_size are positive, chunk is at most context
  }];
  let arguments = (ins Sinter_I64Attr:$context, Sinter_I64Attr:$chunk, Sinter_I64Attr:$vocab_size, Sinter_I64Attr:$weight_bytes, Sinter_I64Attr:$arena_bytes,
                       Sinter_I64Attr:$state_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Plan_WeightOp : Plan_Op<"weight", [Symbol]> {
  let summary = "a packed weight: its place in the weight file; `definition` names the xf.weight it is made of";
  let description = [{
    - weight_c1: offset is a multiple of 256, bytes is positive
    `layout` names the packed layout (docs/formats/packed-weights.md).
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$definition, StrAttr:$layout, Sinter_I64Attr:$offset, Sinter_I64Attr:$bytes);
  let assemblyFormat = "$sym_name `of` $definition $layout `at` $offset `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_PartOp : Plan_Op<"part", [Symbol]> {
  let summary = "some panels of a packed weight, for dispatches that may not bind it whole; `offset` counts from the weight's first byte";
  let description = [{
    - part_c1: offset is a multiple of 256, bytes is positive
    - part_c2: `weight` is a plan.weight, and the part lies in it
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$weight, Sinter_I64Attr:$offset, Sinter_I64Attr:$bytes);
  let assemblyFormat = "$sym_name `of` $weight `at` $offset `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_StateOp : Plan_Op<"state", [Symbol]> {
  let summary = "a range of the state arena (one KV cache: all keys, then all values)";
  let description = [{
    - state_c1: offset is a multiple of 256, bytes is positive
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, Sinter_I64Attr:$offset, Sinter_I64Attr:$bytes);
  let assemblyFormat = "$sym_name `:` $type `at` $offset `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_BufferOp : Plan_Op<"buffer", [Symbol]> {
  let summary = "a range of the activation arena, alive from dispatch `first` to dispatch `last` of its entry";
  let description = [{
    A buffer with `io` is seen by the runtime or by several entries under that name and is alive always: "tokens" (i32), "hidden",
    "logits", "next_token" (i32), "sampling", "history" (i32).
    - buffer_c1: offset is a multiple of 64, bytes is positive, 0 <= first <= last
    - buffer_c2: io or entry is given; entry names a plan.entry, which without io has more than `last` dispatches
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, OptionalAttr<StrAttr>:$io, OptionalAttr<FlatSymbolRefAttr>:$entry,
                       Sinter_I64Attr:$first, Sinter_I64Attr:$last, Sinter_I64Attr:$offset, Sinter_I64Attr:$bytes);
  let assemblyFormat = "$sym_name `:` $type (`io` $io^)? (`in` $entry^)? `alive` $first `to` $last `at` $offset `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [Symbol, SingleBlock, NoTerminator, NoRegionArguments, HasParent<"ProgramOp">]> {
  let summary = "an entry point (prefill, decode, head, greedy, sample): its dispatches in order";
  let description = [{
    - entry_c1: the body holds only plan.dispatch
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_DispatchOp : Plan_Op<"dispatch", [HasParent<"EntryOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "run one kernel over its work items";
  let description = [{
    `bindings` are weights or parts of them, states and buffers, inputs first, in the order of the region's arguments and results. The number of
    work items is items * ceil(token_count / items_per_tokens), or items where items_per_tokens is 0.
    `region` is the xf.region computed; `kernel` the kern.kernel that does it (same name until families split or share it).
    - dispatch_c1: kernel and bindings name existing symbols; items is positive, items_per_tokens not negative
    - dispatch_c2: there is one binding for each of the kernel's arguments and results
    - dispatch_c3: a buffer without io is of this entry and alive at this dispatch
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, FlatSymbolRefArrayAttr:$bindings, Sinter_I64Attr:$items, Sinter_I64Attr:$items_per_tokens,
                       OptionalAttr<StrAttr>:$layer);
  let assemblyFormat = "$kernel $bindings `items` $items `per` $items_per_tokens (`layer` $layer^)? attr-dict";
}
#endif
