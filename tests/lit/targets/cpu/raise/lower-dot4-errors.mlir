// RUN: sinter-opt --cpu-lower-dot4=isa=z80 --verify-diagnostics %s

// expected-error @below {{unknown isa 'z80' for cpu-lower-dot4}}
module {}
