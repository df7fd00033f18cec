// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @logits(%x: tensor<?x1000xf32>, %s: tensor<16xf32>, %h: tensor<8xi32>) {
  // expected-error @+1 {{logits must be tensor<1x1000xf32>, got 'tensor<?x1000xf32>' (sort_logits_c1)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<?x1000xf32>, tensor<16xf32>, tensor<8xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  return
}

// -----

func.func @settings(%x: tensor<1x1000xf32>, %s: tensor<8xf32>, %h: tensor<8xi32>) {
  // expected-error @+1 {{takes sampling tensor<16xf32> and history tensor<Hxi32> (sort_logits_c2)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<1x1000xf32>, tensor<8xf32>, tensor<8xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  return
}

// -----

func.func @history(%x: tensor<1x1000xf32>, %s: tensor<16xf32>, %h: tensor<?xi32>) {
  // expected-error @+1 {{takes sampling tensor<16xf32> and history tensor<Hxi32> (sort_logits_c2)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<1x1000xf32>, tensor<16xf32>, tensor<?xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  return
}

// -----

func.func @run_size(%x: tensor<1x1000xf32>, %s: tensor<16xf32>, %h: tensor<8xi32>) {
  // expected-error @+1 {{needs at most 256 runs of a power of two of tokens from 256 to 4096, got 'tensor<5x200xf32>' (sort_logits_c3)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<1x1000xf32>, tensor<16xf32>, tensor<8xi32>) -> (tensor<5x200xf32>, tensor<5x200xf32>, tensor<5x200xf32>)
  return
}

// -----

func.func @same_type(%x: tensor<1x1000xf32>, %s: tensor<16xf32>, %h: tensor<8xi32>) {
  // expected-error @+1 {{penalised, sorted and sums must have the same type (sort_logits_c3)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<1x1000xf32>, tensor<16xf32>, tensor<8xi32>) -> (tensor<4x256xf32>, tensor<2x512xf32>, tensor<4x256xf32>)
  return
}

// -----

func.func @run_count(%x: tensor<1x1000xf32>, %s: tensor<16xf32>, %h: tensor<8xi32>) {
  // expected-error @+1 {{the runs must hold the logits and no more (sort_logits_c3)}}
  %0:3 = xf.sort_logits %x, %s, %h : (tensor<1x1000xf32>, tensor<16xf32>, tensor<8xi32>) -> (tensor<5x256xf32>, tensor<5x256xf32>, tensor<5x256xf32>)
  return
}

// -----

func.func @sample_runs(%p: tensor<257x256xf32>, %s: tensor<16xf32>) {
  // expected-error @+1 {{needs at most 256 runs of a power of two of tokens from 256 to 4096, got 'tensor<257x256xf32>' (sample_c1)}}
  %0 = xf.sample %p, %p, %p, %s : (tensor<257x256xf32>, tensor<257x256xf32>, tensor<257x256xf32>, tensor<16xf32>) -> tensor<1xi32>
  return
}

// -----

func.func @sample_settings(%p: tensor<4x256xf32>, %s: tensor<15xf32>) {
  // expected-error @+1 {{takes sampling tensor<16xf32> and gives tensor<1xi32> (sample_c2)}}
  %0 = xf.sample %p, %p, %p, %s : (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>, tensor<15xf32>) -> tensor<1xi32>
  return
}

// -----

func.func @sample_result(%p: tensor<4x256xf32>, %s: tensor<16xf32>) {
  // expected-error @+1 {{takes sampling tensor<16xf32> and gives tensor<1xi32> (sample_c2)}}
  %0 = xf.sample %p, %p, %p, %s : (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>, tensor<16xf32>) -> tensor<2xi32>
  return
}
