// Relaxed SIMD in this Node. Where it is still behind a flag (Node 20) V8's baseline compiler adds the relaxed dot product
// to itself instead of the sum, so the tests run optimised code only.
import v8 from 'node:v8';

// A function that adds two constants with i32x4.relaxed_dot_i8x16_i7x16_add_s.
const probe = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0,
  253, 17, 65, 0, 253, 17, 253, 147, 2, 11,
]);

export function supportsRelaxed() {
  return WebAssembly.validate(probe);
}

export function enableRelaxed() {
  if (Number(process.versions.node.split('.')[0]) >= 21) return supportsRelaxed();
  v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
  v8.setFlagsFromString('--no-liftoff');
  return true;
}
