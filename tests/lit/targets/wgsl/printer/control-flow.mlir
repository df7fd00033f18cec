// RUN: sinter-opt --wgsl-assign-signs --wgsl-print -o /dev/null %s | FileCheck %s

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>

// What a loop carries is a variable; bounds that are expressions get a name.
// CHECK-LABEL: fn counted(
// CHECK: var acc = 0.0f;
// CHECK-NEXT: let end = token_count * 4u;
// CHECK-NEXT: for (var k = 0u; k < end; k += 2u) {
// CHECK-NEXT:   let f = k0_y[k];
// CHECK-NEXT:   acc = acc + f;
// CHECK-NEXT: }
// CHECK-NEXT: k0_y[item] = acc;
kern.kernel @counted(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  kern.for_items %i {
    %t = kern.scalar token_count {kern.name = "token_count"}
    %n = arith.muli %t, %c4 : index
    %sum = scf.for %k = %c0 to %n step %c2 iter_args(%a = %zero) -> f32 {
      %x = memref.load %y[%k] : memref<?xf32>
      %0 = arith.addf %a, %x : f32
      scf.yield %0 : f32
    }
    memref.store %sum, %y[%i] : memref<?xf32>
  }
  kern.return
}

// All carried values change at once: what is overwritten too early is saved.
// CHECK-LABEL: fn swap(
// CHECK: for (var k = 0u; k < 8u; k += 1u) {
// CHECK-NEXT:   let next = acc + 1.0f;
// CHECK-NEXT:   acc = acc1;
// CHECK-NEXT:   acc1 = next;
// CHECK-NEXT: }
kern.kernel @swap(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  kern.for_items %i {
    %r:2 = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %zero, %b = %one) -> (f32, f32) {
      %0 = arith.addf %a, %one : f32
      scf.yield %b, %0 : f32, f32
    }
    memref.store %r#0, %y[%c0] : memref<?xf32>
    memref.store %r#1, %y[%c1] : memref<?xf32>
  }
  kern.return
}

// CHECK-LABEL: fn branches(
// CHECK: var chosen: f32;
// CHECK-NEXT: if (item < 4u) {
// CHECK-NEXT:   chosen = 1.0f;
// CHECK-NEXT: } else {
// CHECK-NEXT:   let f = k2_y[item];
// CHECK-NEXT:   chosen = f * f;
// CHECK-NEXT: }
// CHECK-NEXT: if (chosen > 2.0f) {
// CHECK-NEXT:   k2_y[item] = chosen;
// CHECK-NEXT: }
kern.kernel @branches(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  kern.for_items %i {
    %first = arith.cmpi ult, %i, %c4 : index
    %r = scf.if %first -> f32 {
      scf.yield %one : f32
    } else {
      %x = memref.load %y[%i] : memref<?xf32>
      %0 = arith.mulf %x, %x : f32
      scf.yield %0 : f32
    } {kern.name = "chosen"}
    %large = arith.cmpf ogt, %r, %two : f32
    scf.if %large {
      memref.store %r, %y[%i] : memref<?xf32>
    }
  }
  kern.return
}

// The same for a loop with an open end, whose two blocks know a variable as two
// values.
// CHECK-LABEL: fn swap_open(
// CHECK: loop {
// CHECK-NEXT:   if (!(carried < 100u)) {
// CHECK-NEXT:     break;
// CHECK-NEXT:   }
// CHECK-NEXT:   let next = carried + 1u;
// CHECK-NEXT:   carried = carried1;
// CHECK-NEXT:   carried1 = next;
// CHECK-NEXT: }
kern.kernel @swap_open(%y: memref<?xi32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %i1 = arith.constant 1 : i32
  %i100 = arith.constant 100 : i32
  kern.for_items %i {
    %r:2 = scf.while (%a = %i1, %b = %i1) : (i32, i32) -> (i32, i32) {
      %more = arith.cmpi ult, %a, %i100 : i32
      scf.condition(%more) %a, %b : i32, i32
    } do {
    ^bb0(%a: i32, %b: i32):
      %next = arith.addi %a, %i1 : i32
      scf.yield %b, %next : i32, i32
    }
    memref.store %r#1, %y[%c0] : memref<?xi32>
  }
  kern.return
}

// CHECK-LABEL: fn open(
// CHECK: var carried = 1u;
// CHECK-NEXT: var handed: u32;
// CHECK-NEXT: loop {
// CHECK-NEXT:   handed = carried * carried;
// CHECK-NEXT:   if (!(carried < 100u)) {
// CHECK-NEXT:     break;
// CHECK-NEXT:   }
// CHECK-NEXT:   carried = handed + 3u;
// CHECK-NEXT: }
// CHECK-NEXT: k4_y[carried] = handed;
kern.kernel @open(%y: memref<?xi32> {kern.name = "y"}) attributes {caps = #caps} {
  %c1 = arith.constant 1 : index
  %i1 = arith.constant 1 : i32
  %i3 = arith.constant 3 : i32
  %i100 = arith.constant 100 : i32
  kern.for_items %i {
    %r:2 = scf.while (%a = %i1) : (i32) -> (i32, i32) {
      %square = arith.muli %a, %a : i32
      %more = arith.cmpi ult, %a, %i100 : i32
      scf.condition(%more) %a, %square : i32, i32
    } do {
    ^bb0(%b: i32, %s: i32):
      %next = arith.addi %s, %i3 : i32
      scf.yield %next : i32
    }
    %at = arith.index_cast %r#0 : i32 to index
    memref.store %r#1, %y[%at] : memref<?xi32>
  }
  kern.return
}

// A loop continues the variables of the loop around it, and their order may
// change there.
// CHECK-LABEL: fn nested(
// CHECK: var acc = 0.0f;
// CHECK-NEXT: var acc1 = 1.0f;
// CHECK-NEXT: for (var k = 0u; k < 8u; k += 1u) {
// CHECK-NEXT:   for (var k1 = 0u; k1 < 8u; k1 += 1u) {
// CHECK-NEXT:     acc = acc + 1.0f;
// CHECK-NEXT:   }
// CHECK-NEXT:   let next = acc;
// CHECK-NEXT:   acc = acc1;
// CHECK-NEXT:   acc1 = next;
// CHECK-NEXT: }
kern.kernel @nested(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  kern.for_items %i {
    %r:2 = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %zero, %b = %one) -> (f32, f32) {
      %q:2 = scf.for %j = %c0 to %c8 step %c1 iter_args(%c = %a, %d = %b) -> (f32, f32) {
        %0 = arith.addf %c, %one : f32
        scf.yield %0, %d : f32, f32
      }
      scf.yield %q#1, %q#0 : f32, f32
    }
    memref.store %r#0, %y[%c0] : memref<?xf32>
    memref.store %r#1, %y[%c1] : memref<?xf32>
  }
  kern.return
}

// A loop two levels down starts again and again from what the outer one
// carries, which it must not change.
// CHECK-LABEL: fn restarted(
// CHECK: var acc = 0.0f;
// CHECK-NEXT: for (var k = 0u; k < 8u; k += 1u) {
// CHECK-NEXT:   var acc1 = 0.0f;
// CHECK-NEXT:   for (var k1 = 0u; k1 < 8u; k1 += 1u) {
// CHECK-NEXT:     var acc2 = acc;
// CHECK-NEXT:     for (var k2 = 0u; k2 < 8u; k2 += 1u) {
// CHECK-NEXT:       acc2 = acc2 + 1.0f;
// CHECK-NEXT:     }
// CHECK-NEXT:     acc1 = acc1 + acc2;
// CHECK-NEXT:   }
// CHECK-NEXT:   acc = acc1;
// CHECK-NEXT: }
kern.kernel @restarted(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  kern.for_items %i {
    %r = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %zero) -> f32 {
      %s = scf.for %l = %c0 to %c8 step %c1 iter_args(%b = %zero) -> f32 {
        %t = scf.for %m = %c0 to %c8 step %c1 iter_args(%c = %a) -> f32 {
          %0 = arith.addf %c, %one : f32
          scf.yield %0 : f32
        }
        %1 = arith.addf %b, %t : f32
        scf.yield %1 : f32
      }
      scf.yield %s : f32
    }
    memref.store %r, %y[%c0] : memref<?xf32>
  }
  kern.return
}
