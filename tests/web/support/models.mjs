// Bundles for tests: compiled from reference models or the repository's own, and loaded in Node on both devices.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { need, sharedData, skip, source, tool } from './skip.mjs';

export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-web-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

/** The repository's own model. */
export const tales = path.join(source, 'examples/tales/model');

/** A folder of the reference models, or skips. */
export function reference(name) {
  const folder = path.join(sharedData, 'reference', name);
  if (!fs.existsSync(folder)) skip(`${folder} is not there (SINTER_SHARED_DATA)`);
  return folder;
}

/** Compiles a model for web, wasm or webgpu into a folder in scratch and returns it; skips without the library. */
export function compile(model, target, ...flags) {
  const out = path.join(scratch, `bundle${fs.readdirSync(scratch).length}`);
  const { status, stderr } = spawnSync(tool('sinter'), ['compile', model, '--target', target, '-o', out, '--quiet', ...flags],
    { encoding: 'utf8' });
  if (status !== 0 && /without the web library/.test(stderr)) skip('sinter was built without the web library');
  if (status !== 0) throw new Error(`sinter compile ${model}: status ${status}\n${stderr}`);
  if (!fs.existsSync(path.join(out, 'sinter.js'))) skip('the JavaScript library is not built');
  if (!fs.existsSync(path.join(out, 'runtime/sinter.wasm'))) skip('the wasm runtime is not built');
  return out;
}

/** The bundle's own library. */
export const library = (bundle, file = 'sinter.js') => import(pathToFileURL(path.join(bundle, file)).href);

/** A fetch that reads the bundle's files and flips a bit in the middle of one of them. */
export const flipping = (damaged) => async (address) => {
  const bytes = fs.readFileSync(new URL(address));
  if (address.endsWith(`/${damaged}`)) bytes[bytes.length >> 1] ^= 1;
  return new Response(bytes, { headers: { 'content-length': String(bytes.length) } });
};

const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';
let gpu;
/** WebGPU for Node: Dawn on Chromium's SwiftShader; skips without. Keep the process from exiting before it is done. */
export async function dawn() {
  if (gpu !== undefined) return gpu;
  const module = await need('webgpu');
  if (!fs.existsSync(swiftshader)) skip('Chromium\'s SwiftShader is not installed (apt-get install chromium)');
  process.env.VK_ICD_FILENAMES = swiftshader;
  Object.assign(globalThis, module.globals);
  gpu = module.create([]);
  if (await gpu.requestAdapter() === null) skip('Dawn finds no adapter');
  return gpu;
}

/** Dawn on lavapipe behind the test layer, for what SwiftShader lacks; skips without. Not beside dawn() in a process. */
export async function lavapipe() {
  const module = await need('webgpu');
  const driver = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json', layer = path.join(path.dirname(tool('sinter')), '../vulkan-layer');
  if (!fs.existsSync(driver)) skip('lavapipe is not installed (apt-get install mesa-vulkan-drivers)');
  if (!fs.existsSync(path.join(layer, 'FaultLayer.json'))) skip('the Vulkan layer is not built (vulkan/vk_layer.h)');
  Object.assign(process.env, { VK_ICD_FILENAMES: driver, VK_LAYER_PATH: layer, SINTER_FAULT: 'images',
    VK_INSTANCE_LAYERS: 'VK_LAYER_SINTER_faults' });
  Object.assign(globalThis, module.globals);
  const onLavapipe = module.create([]);
  if (await onLavapipe.requestAdapter() === null) skip('Dawn does not take this lavapipe');
  return onLavapipe;
}

/** Tensors of a safetensors file: name -> { shape, data }. F32 and I32. */
export function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  delete header.__metadata__;
  return Object.fromEntries(Object.entries(header).map(([name, { dtype, shape, data_offsets: [begin, end] }]) => {
    const copy = new Uint8Array(bytes.subarray(8 + headerBytes + begin, 8 + headerBytes + end)).buffer;
    return [name, { shape, data: dtype === 'F32' ? new Float32Array(copy) : new Int32Array(copy) }];
  }));
}

/** Largest |a - b|; NaN counts as infinite. */
export function largestDifference(a, b) {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}
