// Runs a WGSL kernel on the WebGPU implementation of the npm package "webgpu" (Dawn), for
// `sinter compile --kernel` (compiler/driver/custom/WebGpuRunner.cpp).
//   node run-kernels.mjs FOLDER
// FOLDER/run.json says what to run, FOLDER/kernel.wgsl is the shader, FOLDER/input.bin holds the
// bindings of all cases with what lies behind them; FOLDER/output.bin is the same afterwards.
// Exit code 1: the kernel is refused, a "LINE: what" on stdout; 77: nothing here can run it.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
const run = JSON.parse(fs.readFileSync(path.join(folder, 'run.json'), 'utf8'));
const code = fs.readFileSync(path.join(folder, 'kernel.wgsl'), 'utf8');

function end(status, text) {
  fs.writeSync(1, `${text}\n`);
  process.exit(status);
}

/** The package, from the current folder or NODE_PATH. */
async function dawn() {
  const require = createRequire(path.join(process.cwd(), 'x.js'));
  let file;
  try {
    file = require.resolve('webgpu');
  } catch {
    end(77, 'the npm package "webgpu" is not installed (npm install webgpu, or set NODE_PATH)');
  }
  const { create, globals } = await import(pathToFileURL(file));
  Object.assign(globalThis, globals);
  return create([]);
}

const gpu = await dawn();
const adapter = await gpu.requestAdapter();
if (!adapter) end(77, 'Dawn finds no WebGPU adapter');
const lacking = run.features.filter((feature) => !adapter.features.has(feature));
if (lacking.length) end(77, `the WebGPU adapter has no ${lacking.join(', ')}`);
const device = await adapter.requestDevice({ requiredFeatures: run.features });
device.lost.then(({ message }) => end(1, `0: the device was lost: ${message}`));
device.addEventListener('uncapturederror', ({ error }) => end(1, `0: ${error.message}`));

/** The pipeline, with the bindings as the runtime has them. */
async function makePipeline() {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  await device.popErrorScope();
  const errors = messages.filter(({ type }) => type === 'error');
  if (errors.length) end(1, errors.map((e) => `${e.lineNum}: ${e.message}`).join('\n'));
  const visibility = GPUShaderStage.COMPUTE;
  const layouts = [
    run.bindings.map((type, binding) => ({ binding, visibility, buffer: { type } })),
    [{ binding: 0, visibility, buffer: { type: 'uniform' } }],
  ].map((entries) => device.createBindGroupLayout({ entries }));
  try {
    return await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: layouts }),
      compute: { module, entryPoint: run.entry },
    });
  } catch (reason) {
    return end(1, `0: ${reason.message}`);
  }
}

const input = fs.readFileSync(path.join(folder, 'input.bin'));
const output = Buffer.from(input);

async function runCase(pipeline, { x, y, scalars, bindings }) {
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffers = bindings.map(({ offset, bytes }) => {
    const buffer = device.createBuffer({ size: bytes + run.guard, usage: STORAGE | COPY_SRC | COPY_DST });
    device.queue.writeBuffer(buffer, 0, input, offset, bytes + run.guard);
    return buffer;
  });
  const numbers = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
  device.queue.writeBuffer(numbers, 0, new Uint32Array([...scalars, 0]));
  const group = (index, entries) =>
    device.createBindGroup({ layout: pipeline.getBindGroupLayout(index), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group(0, buffers.map((buffer, binding) => (
    { binding, resource: { buffer, size: bindings[binding].bytes } }))));
  pass.setBindGroup(1, group(1, [{ binding: 0, resource: { buffer: numbers } }]));
  pass.dispatchWorkgroups(x, y);
  pass.end();
  const copies = buffers.map((buffer) => {
    const copy = device.createBuffer({ size: buffer.size, usage: MAP_READ | COPY_DST });
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  for (const [index, copy] of copies.entries()) {
    await copy.mapAsync(GPUMapMode.READ);
    Buffer.from(copy.getMappedRange()).copy(output, bindings[index].offset);
    copy.destroy();
  }
  for (const buffer of [...buffers, numbers]) buffer.destroy();
}

const pipeline = await makePipeline();
for (const one of run.cases) await runCase(pipeline, one);
fs.writeFileSync(path.join(folder, 'output.bin'), output);
process.exit(0); // Dawn's objects would keep the process alive
