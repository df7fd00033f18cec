// What graphics drivers do to the webgpu device, on Dawn: lost devices, refused kernels, wrong results, missing memory,
// small limits, missing features. D4 rows 32, 44 to 48.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { faulty } from './support/gpu.mjs';
import { manifestText } from './support/manifest.mjs';
import { dawn, flipping, library, scratch } from './support/models.mjs';
import { compileSite } from './support/site.mjs';

const gpu = await dawn();
const bundle = compileSite();
const { load } = await library(bundle);

const request = { prompt: 'Once upon a time', maxTokens: 24, temperature: 0 };
const wasm = await load(bundle, { device: 'wasm', threads: 1 });
const expected = (await wasm.generate(request)).text;
await wasm.dispose();

async function fails(options, code) {
  try {
    await (await load(bundle, { device: 'webgpu', ...options })).dispose();
  } catch (error) {
    assert.equal(error.code, code, error.stack);
    return error;
  }
  return assert.fail(`expected ${code}`);
}

test('the adapter\'s software variant is chosen, and says why', async () => {
  const engine = await load(bundle, { device: 'webgpu', gpu });
  assert.equal(engine.info.variant, 'soft');
  assert.match(engine.info.reason, /swiftshader/i);
  assert.equal((await engine.generate(request)).text, expected);
  await engine.dispose();
  const auto = await load(bundle, { gpu, threads: 1 });
  assert.equal(auto.info.device, 'wasm');
  assert.match(auto.info.reason, /computes on the processor/);
  await auto.dispose();
});

test('no WebGPU, no adapter, no device: a typed error, or wasm by itself', async () => {
  assert.match((await fails({}, 'NO_WEBGPU')).message, /no WebGPU/);
  const without = await load(bundle, { threads: 1 });
  assert.deepEqual([without.info.device, /no WebGPU/.test(without.info.reason)], ['wasm', true], without.info.reason);
  await without.dispose();
  const none = { requestAdapter: async () => null };
  assert.match((await fails({ gpu: none }, 'NO_WEBGPU')).message, /no adapter/);
  const auto = await load(bundle, { gpu: none, threads: 1 });
  assert.match(auto.info.reason, /no adapter/);
  await auto.dispose();
  const refusing = { requestAdapter: async () => {
    const adapter = await gpu.requestAdapter();
    return { features: adapter.features, limits: adapter.limits, info: adapter.info, requestDevice: () => Promise.reject(new Error('no')) };
  } };
  await fails({ gpu: refusing }, 'NO_WEBGPU');
});

test('a limit that is too small is named with both numbers, before any weight', async () => {
  const error = await fails({ gpu: faulty(gpu, { limits: { maxStorageBufferBindingSize: 1000 } }) }, 'LIMIT_EXCEEDED');
  assert.equal(error.details.limit, 'maxStorageBufferBindingSize');
  assert.equal(error.details.available, 1000);
  assert.ok(error.details.needed > 1000);
  assert.match(error.message, /1000/);
});

test('small buffers: weights are cut, results stay', async () => {
  const small = faulty(gpu, { limits: { maxBufferSize: 800_000 } });
  const engine = await load(bundle, { device: 'webgpu', gpu: small });
  assert.equal((await engine.generate(request)).text, expected);
  await engine.dispose();
});

test('a variant is chosen by features; none is an error that says what is missing', async () => {
  const hardware = { vendor: 'test', architecture: '', device: '', description: 'a card' };
  const plain = faulty(gpu, { features: new Set(), info: hardware });
  const engine = await load(bundle, { device: 'webgpu', gpu: plain });
  assert.equal(engine.info.variant, 'f32');
  assert.equal((await engine.generate(request)).text, expected);
  await engine.dispose();
  assert.match((await fails({ gpu: plain, variant: 'f16' }, 'UNSUPPORTED')).message, /shader-f16/);
  await fails({ gpu: plain, variant: 'f64' }, 'UNSUPPORTED');
});

/** A device that does not compile the kernels of these variants. */
const refusesVariants = (...variants) => faulty(gpu, { device: (device) => {
  let current = '';
  return {
    createShaderModule(descriptor) { current = descriptor.label; return device.createShaderModule(descriptor); },
    createComputePipelineAsync(descriptor) {
      if (variants.includes(current)) return Promise.reject(new Error('driver says no'));
      return device.createComputePipelineAsync(descriptor);
    },
  };
} });

test('a kernel that does not compile: the next variant, then the processor, then a typed error', async () => {
  const engine = await load(bundle, { device: 'webgpu', gpu: refusesVariants('soft') });
  assert.equal(engine.info.variant, 'f32');
  assert.match(engine.info.warnings.join(), /soft does not work here.*kernel \S+/);
  assert.equal((await engine.generate(request)).text, expected);
  await engine.dispose();
  const error = await fails({ gpu: refusesVariants('soft', 'f32') }, 'SHADER_FAILED');
  assert.match(error.details.kernel, /\w+/);
});

test('kernels that only drawing needs come last, and without them the host draws', async () => {
  const order = [];
  const noting = (refuses) => faulty(gpu, { device: (device) => ({
    createComputePipelineAsync(descriptor) {
      order.push(descriptor.label);
      const drawing = /^(sample|sort_logits)_/.test(descriptor.label);
      return drawing && refuses ? Promise.reject(new Error('driver says no')) : device.createComputePipelineAsync(descriptor);
    },
  }) });
  const drawn = { ...request, temperature: 0.8, topP: 0.9, seed: 7, repeatPenalty: 1.1 };
  const texts = [];
  for (const refuses of [false, true]) {
    order.length = 0;
    const engine = await load(bundle, { device: 'webgpu', gpu: noting(refuses), variant: 'soft' });
    texts.push((await engine.generate(drawn)).text);
    assert.equal((await engine.generate(request)).text, expected);
    assert.deepEqual(order.slice(-2).map((label) => label.replace(/_f32.*/, '')).sort(), ['sample', 'sort_logits']);
    await engine.dispose();
  }
  assert.equal(texts[1], texts[0]);
});

test('a device that computes wrong logits is noticed by the golden ones', async () => {
  const wrong = path.join(scratch, 'wrong');
  fs.cpSync(bundle, wrong, { recursive: true });
  const golden = JSON.parse(fs.readFileSync(path.join(wrong, 'golden.json'), 'utf8'));
  golden.logits[5] += golden.deviation;
  const text = JSON.stringify(golden);
  fs.writeFileSync(path.join(wrong, 'golden.json'), text);
  const manifest = JSON.parse(fs.readFileSync(path.join(wrong, 'manifest.json'), 'utf8'));
  const entry = manifest.files.find((file) => file.path === 'golden.json');
  entry.size = Buffer.byteLength(text);
  entry.sha256 = crypto.createHash('sha256').update(text).digest('hex');
  fs.writeFileSync(path.join(wrong, 'manifest.json'), manifestText(manifest));
  for (const device of ['webgpu', 'wasm'])
    await assert.rejects(load(wrong, { device, gpu, threads: 1 }), { code: 'SELF_CHECK_FAILED' });
  const unchecked = await load(wrong, { device: 'wasm', threads: 1, selfCheck: false });
  await unchecked.dispose();
});

test('a flipped bit in what the GPU runs is found before it is used', async () => {
  for (const file of ['kernels/webgpu/soft.wgsl', 'kernels/webgpu/soft.json', 'plan.grid.fb', 'weights/00000.bin']) {
    const error = await fails({ gpu, fetch: flipping(file) }, 'CORRUPT');
    assert.equal(error.details.file, file);
  }
});

test('no memory for a buffer: a typed error with the size, and everything is freed', async () => {
  // A driver throws, or makes a buffer that is none and tells the error scope.
  for (const throws of [true, false]) for (const at of [1, 2, 4]) {
    let open = 0;
    const exhausted = faulty(gpu, { device: (device) => {
      let calls = 0, pops = 0;
      return {
        createBuffer(descriptor) {
          if (++calls === at && throws) throw new RangeError('out of memory');
          if (calls === at) pops = 2; // validation, then out-of-memory
          const buffer = device.createBuffer(descriptor);
          const destroy = buffer.destroy.bind(buffer);
          ++open;
          buffer.destroy = () => { --open; destroy(); };
          return buffer;
        },
        async popErrorScope() {
          const found = await device.popErrorScope();
          return pops > 0 && --pops === 0 ? { message: 'no more memory' } : found;
        },
      };
    } });
    const error = await fails({ gpu: exhausted }, 'OUT_OF_MEMORY');
    assert.ok(error.details.needed > 0);
    assert.match(error.message, /smaller --context/);
    assert.equal(open, 0, `buffer ${at}`);
  }
});

test('a device that is lost while it decodes is built again, and the reply goes on', async () => {
  const breakable = faulty(gpu);
  const engine = await load(bundle, { device: 'webgpu', gpu: breakable });
  for (const at of [1, 7, 20]) {
    let seen = 0;
    const result = await engine.generate(request, {
      onToken: () => { if (++seen === at) breakable.devices.at(-1).destroy(); },
    });
    assert.equal(result.text, expected, `lost at token ${at}`);
  }
  assert.equal((await engine.stats()).rebuilds, 3);
  await engine.dispose();
});

test('a device that is lost while it loads is replaced once; twice is a typed error', async () => {
  for (const delay of [0, 40, 250, 900]) {
    const breaking = faulty(gpu, { device: (device, index) => {
      if (index === 0) setTimeout(() => device.destroy(), delay);
      return {};
    } });
    const engine = await load(bundle, { device: 'webgpu', gpu: breaking });
    assert.equal((await engine.generate(request)).text, expected, `lost after ${delay} ms`);
    await engine.dispose();
  }
  await fails({ gpu: faulty(gpu, { device: (device) => { device.destroy(); return {}; } }) }, 'DEVICE_LOST');
});

test('aborts at random moments of load, prefill and decode leave a usable engine', async () => {
  let seed = 5;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let i = 0; i < 4; ++i) {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), random(400));
    await load(bundle, { device: 'webgpu', gpu, signal: abort.signal })
      .then((engine) => engine.dispose(), (error) => assert.equal(error.code, 'ABORTED'));
  }
  const engine = await load(bundle, { device: 'webgpu', gpu });
  for (let i = 0; i < 40; ++i) {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), random(120));
    await engine.generate({ ...request, temperature: i % 2, prompt: `There was ${'a very '.repeat(random(20))}big dog` }, { signal: abort.signal })
      .catch((error) => assert.equal(error.code, 'ABORTED'));
  }
  assert.equal((await engine.generate(request)).text, expected);
  await engine.dispose();
});

// Dawn keeps the process alive.
test.after(() => setTimeout(() => process.exit(), 100));
