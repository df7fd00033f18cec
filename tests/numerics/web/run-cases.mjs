// Validates a WGSL module and runs its kernels, for tests/numerics/web/GridBatch.cpp.
//   node run-cases.mjs FOLDER
// FOLDER/run.json says what to run, FOLDER/module.wgsl is the module, FOLDER/input.bin holds the
// bindings of all cases with their guards; FOLDER/output.bin is the same afterwards. Without
// output.bin the module needs features that SwiftShader lacks, and was only validated. A module that
// calculates in f16 is then run on lavapipe, which Dawn takes behind the layer that run.json names
// (tests/device/vulkan/FaultLayer.cpp).
// Exit code 1: it is not valid, 77: something is missing on this machine.
import fs from 'node:fs';
import path from 'node:path';
import { need, skip } from '../../web/support/skip.mjs';

const folder = process.argv[2];
const run = JSON.parse(fs.readFileSync(path.join(folder, 'run.json'), 'utf8'));
const code = fs.readFileSync(path.join(folder, 'module.wgsl'), 'utf8');

const icd = process.env.SINTER_SWIFTSHADER_ICD ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
if (!fs.existsSync(icd)) skip(`no SwiftShader at ${icd} (apt-get install chromium)`);
process.env.VK_ICD_FILENAMES = icd;
const { create, globals } = await need('webgpu');
Object.assign(globalThis, globals);

function fail(text) {
  console.log(text);
  process.exit(1);
}

/** A device with the variant's features and default limits, or null. */
async function open(options) {
  const gpu = create(options);
  const adapter = await gpu.requestAdapter();
  if (!adapter) skip(`Dawn finds no adapter with options [${options}]`);
  // The others are features of the language, which are there or not.
  const { wgslLanguageFeatures } = gpu;
  const requiredFeatures = run.features.filter((feature) => !wgslLanguageFeatures.has(feature));
  if (!requiredFeatures.every((feature) => adapter.features.has(feature))) return null;
  const device = await adapter.requestDevice({ requiredFeatures });
  device.addEventListener('uncapturederror', (event) => fail(event.error.message));
  // Keeps the instance alive as long as its device.
  return { gpu, device };
}

/** The pipelines of all kernels; every complaint of the compiler is a failure. */
async function pipelines(device) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const lines = code.split('\n');
  const texts = messages.map((m) => `${m.type} ${m.lineNum}:${m.linePos}: ${m.message}\n    ${lines[m.lineNum - 1]}`);
  const error = await device.popErrorScope();
  if (texts.length || error) fail(texts.join('\n') || error.message);
  const made = new Map();
  for (const id of run.kernels) {
    try {
      made.set(id, await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: id } }));
    } catch (reason) {
      fail(`${id}: ${reason.message}`);
    }
  }
  return made;
}

/** Runs one case; gives the bindings back. */
async function dispatch(device, pipeline, test, input) {
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffers = test.bindings.map(({ offset, bytes }) => {
    const buffer = device.createBuffer({ size: bytes + run.guard, usage: STORAGE | COPY_SRC | COPY_DST });
    device.queue.writeBuffer(buffer, 0, input, offset, bytes + run.guard);
    return buffer;
  });
  const scalars = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
  device.queue.writeBuffer(scalars, 0, new Uint32Array([...test.scalars, 0]));

  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  // A kernel that uses no scalars has no such group.
  if (code.slice(code.indexOf(`fn ${test.kernel}(`)).split('\n}\n')[0].includes('scalars.'))
    pass.setBindGroup(1, device.createBindGroup({
      layout: pipeline.getBindGroupLayout(1), entries: [{ binding: 0, resource: { buffer: scalars } }] }));
  const used = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const exact = used.map(({ binding, resource }) => (
    { binding, resource: { ...resource, size: test.bindings[binding].bytes } }));
  const layout = pipeline.getBindGroupLayout(0);
  device.pushErrorScope('validation');
  device.createBindGroup({ layout, entries: exact });
  const error = await device.popErrorScope();
  if (error) fail(`${test.kernel}: a binding without its guard is too small: ${error.message}`);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: used }));
  pass.dispatchWorkgroups(test.x, test.y);
  pass.end();
  const back = buffers.map((buffer, index) => {
    const size = test.bindings[index].bytes + run.guard;
    const copy = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  const results = [];
  for (const copy of back) {
    await copy.mapAsync(GPUMapMode.READ);
    results.push(Buffer.from(copy.getMappedRange().slice(0)));
    copy.destroy();
  }
  for (const buffer of [...buffers, scalars]) buffer.destroy();
  return results;
}

const checker = await open(['backend=null']);
if (!checker) fail(`Dawn's null backend lacks one of ${run.features}`);
await pipelines(checker.device);

/** A device on lavapipe, or null where that or the layer is missing. */
async function openLavapipe() {
  const driver = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json';
  if (!fs.existsSync(driver) || !fs.existsSync(path.join(run.layer, 'FaultLayer.json'))) return null;
  // As for SPIR-V (VulkanRunner.cpp): what is tested is not lavapipe's optimiser.
  Object.assign(process.env, { VK_ICD_FILENAMES: driver, VK_LAYER_PATH: run.layer, SINTER_FAULT: 'images',
    VK_INSTANCE_LAYERS: 'VK_LAYER_SINTER_faults', GALLIVM_PERF: 'nopt', LP_NATIVE_VECTOR_WIDTH: '128' });
  return open([]);
}

const runner = await open([]) ?? (/f16[>(]/.test(code) ? await openLavapipe() : null);
if (runner) {
  const made = await pipelines(runner.device);
  const input = fs.readFileSync(path.join(folder, 'input.bin'));
  const output = Buffer.from(input);
  for (const test of run.cases) {
    const results = await dispatch(runner.device, made.get(test.kernel), test, input);
    results.forEach((bytes, index) => bytes.copy(output, test.bindings[index].offset));
  }
  fs.writeFileSync(path.join(folder, 'output.bin'), output);
}
process.exit(0); // Dawn's objects would keep the process alive
