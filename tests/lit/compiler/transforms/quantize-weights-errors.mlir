// RUN: sinter-opt %s --split-input-file --verify-diagnostics --xf-quantize-weights=scheme=q3

// expected-error@+1 {{unknown quantization 'q3'; use f32, f16, q8, q4 or keep}}
module {
}
