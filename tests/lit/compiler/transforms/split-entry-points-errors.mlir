// RUN: sinter-opt %s --split-input-file --verify-diagnostics --xf-split-entry-points

// expected-error@+1 {{needs @body and @head of one argument each}}
module {
}
