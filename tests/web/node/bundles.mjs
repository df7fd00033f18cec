// What the tests of the wasm target share: compiling bundles, reading reference numbers.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bin, sharedData, skip, tool } from '../support/skip.mjs';

/** Path of a file or folder of the shared data, or skips. */
export function shared(name) {
  const full = path.join(sharedData, name);
  return fs.existsSync(full) ? full : skip(`shared data ${name} is not here`);
}

/** The built runtime module, or skips. */
export function runtimeFile(threads = false) {
  const file = path.join(bin, '../share/sinter/web/runtime', threads ? 'sinter-threads.wasm' : 'sinter.wasm');
  return fs.existsSync(file) ? file : skip(`${file} is not built (the wasm32 libraries of clang-19 are missing)`);
}

export function sinter(...args) {
  return execFileSync(tool('sinter'), args.map(String), { encoding: 'utf8', maxBuffer: 1 << 28 });
}

/** A temporary folder that goes when the process ends. */
export function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-web-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** { name: { shape, values } } of a safetensors file's F32 and I32 tensors. */
export function readSafetensors(file) {
  const blob = fs.readFileSync(file);
  const size = Number(blob.readBigUInt64LE(0));
  const tensors = {};
  for (const [name, info] of Object.entries(JSON.parse(blob.toString('utf8', 8, 8 + size)))) {
    if (name === '__metadata__') continue;
    const bytes = blob.subarray(8 + size + info.data_offsets[0], 8 + size + info.data_offsets[1]);
    const Type = { F32: Float32Array, I32: Int32Array }[info.dtype];
    tensors[name] = { shape: info.shape, values: new Type(Uint8Array.from(bytes).buffer) };
  }
  return tensors;
}

/** Values of a float32 .npy file. */
export function readNpy(file) {
  const blob = fs.readFileSync(file);
  return new Float32Array(Uint8Array.from(blob.subarray(10 + blob.readUInt16LE(8))).buffer);
}

/** Largest |a - b|; NaN anywhere counts as infinite. */
export function largestDifference(a, b) {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

export function deviation(values) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}
