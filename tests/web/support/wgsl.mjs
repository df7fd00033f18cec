// The WGSL of a bundle before Dawn's null backend, which has every feature and runs nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { need } from './skip.mjs';

let gpu; // as long as its devices

/**
 * Validates a variant's kernels with the features it asks for and WebGPU's default limits: the module without a message,
 * every kernel as a pipeline. `each(kernel, index, code)` looks at one. Returns how many there are.
 */
export async function validate(bundle, { name, features }, each = () => {}) {
  const { create, globals } = await need('webgpu');
  Object.assign(globalThis, globals);
  gpu ??= create(['backend=null']);
  const adapter = await gpu.requestAdapter();
  // The others are features of the language, which are there or not.
  const device = await adapter.requestDevice({ requiredFeatures: features.filter((f) => !gpu.wgslLanguageFeatures.has(f)) });
  const code = fs.readFileSync(path.join(bundle, `kernels/webgpu/${name}.wgsl`), 'utf8');
  const table = JSON.parse(fs.readFileSync(path.join(bundle, `kernels/webgpu/${name}.json`), 'utf8'));
  assert.equal(table.variant, name);
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  await device.popErrorScope();
  assert.deepEqual(messages.map((m) => `${name} ${m.lineNum}: ${m.message}`), []);
  for (const [index, kernel] of table.kernels.entries()) {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: kernel.id } });
    each(kernel, index, code);
  }
  return table.kernels.length;
}
