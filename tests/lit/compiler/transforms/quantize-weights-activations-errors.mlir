// RUN: sinter-opt %s --split-input-file --verify-diagnostics --xf-quantize-weights=activations=i4

// expected-error@+1 {{unknown activations 'i4'; use i8 or f32}}
module {
}
