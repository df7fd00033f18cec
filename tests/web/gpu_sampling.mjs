// Sampling on the GPU, on Dawn: the same tokens as by reading the logits back and by the native program, nothing read back
// but the token, nothing made for a token.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { compile, dawn, library, scratch, tales } from './support/models.mjs';
import { compileSite } from './support/site.mjs';
import { tool } from './support/skip.mjs';

const gpu = await dawn();
const bundle = compileSite();
const { load } = await library(bundle);
const prompt = 'Once upon a time';

const settings = {
  plain: { temperature: 1 },
  'top-k': { temperature: 0.9, topK: 20 },
  'top-p': { temperature: 1.1, topP: 0.9 },
  'min-p': { temperature: 1.2, minP: 0.05 },
  penalties: { temperature: 0.7, repeatPenalty: 1.2, frequencyPenalty: 0.3, presencePenalty: 0.2, penaltyWindow: 16 },
  'greedy with penalties': { temperature: 0, repeatPenalty: 1.3 },
  all: { temperature: 0.8, topK: 50, topP: 0.95, minP: 0.01, repeatPenalty: 1.1, presencePenalty: 0.1, frequencyPenalty: 0.1 },
};

/** A GPU that counts what is asked of its devices: objects made, submits, bytes mapped. */
function counting() {
  const counts = { created: [], encoders: 0, passes: 0, submits: 0, mapped: [] };
  const proxy = (native, change) => new Proxy({}, {
    get(_, key) {
      const value = native[key];
      if (typeof value !== 'function') return change(key, undefined) ?? value;
      return change(key, value.bind(native)) ?? value.bind(native);
    },
    set(_, key, value) { native[key] = value; return true; },
  });
  const counted = (device) => {
    const queue = proxy(device.queue, (key, call) => key === 'submit' ? (list) => { ++counts.submits; call(list); } : undefined);
    return proxy(device, (key, call) => {
      if (key === 'queue') return queue;
      if (key === 'createBuffer') return (descriptor) => {
        counts.created.push(key);
        const buffer = call(descriptor);
        const map = buffer.mapAsync.bind(buffer);
        buffer.mapAsync = (...all) => { counts.mapped.push(descriptor.size); return map(...all); };
        return buffer;
      };
      if (key === 'createCommandEncoder') return () => {
        ++counts.encoders;
        const encoder = call();
        const begin = encoder.beginComputePass.bind(encoder);
        encoder.beginComputePass = (...all) => { ++counts.passes; return begin(...all); };
        return encoder;
      };
      if (String(key).startsWith('create')) return (...all) => { counts.created.push(key); return call(...all); };
      return undefined;
    });
  };
  return {
    counts,
    async requestAdapter(options) {
      const adapter = await gpu.requestAdapter(options);
      return proxy(adapter, (key, call) => key === 'requestDevice' ? async (descriptor) => counted(await call(descriptor)) : undefined);
    },
  };
}

// Barriers are slow on SwiftShader: one setting with them, in which every step has something to do. All settings in all
// variants: tests/numerics/web/GridSamplingTest.cpp.
const drawnBy = { soft: settings, f32: { all: settings.all } };
for (const [variant, drawn] of Object.entries(drawnBy))
  test(`${variant}: the tokens are those of the host's sampler on the same logits`, async () => {
    const engine = await load(bundle, { device: 'webgpu', gpu, variant });
    for (const [name, sampling] of Object.entries(drawn))
      for (const seed of [1, 2]) {
        const request = { prompt, maxTokens: 48, ignoreEos: true, seed, ...sampling };
        const onDevice = await engine.generate(request);
        const onHost = await engine.generate({ ...request, logprobs: 0 });
        assert.deepEqual([...onDevice.tokens], [...onHost.tokens], `${name}, seed ${seed}`);
        assert.deepEqual([...(await engine.generate(request)).tokens], [...onDevice.tokens], `${name}: again`);
      }
    const replies = new Set();
    for (const seed of [1, 2, 3, 4]) replies.add((await engine.generate({ prompt, maxTokens: 24, temperature: 1, seed })).text);
    assert.ok(replies.size > 2, 'seeds differ');
    await engine.dispose();
  });

test('a token: one submit, one pass, four bytes read back, nothing made', async () => {
  const counted = counting();
  const engine = await load(bundle, { device: 'webgpu', gpu: counted, variant: 'soft' });
  const { counts } = counted;
  // Drawing first: the kernels for it are compiled behind the others.
  for (const sampling of [settings.all, settings.plain, { temperature: 0 }]) {
    const request = { prompt, maxTokens: 20, ignoreEos: true, seed: 1, ...sampling };
    await engine.generate(request); // from now on the prompt is held
    Object.assign(counts, { created: [], encoders: 0, passes: 0, submits: 0, mapped: [] });
    const { tokens } = await engine.generate(request);
    assert.equal(tokens.length, 20);
    assert.deepEqual(counts.created, []);
    // One more for the last token of the prompt, whose logits were overwritten.
    assert.ok(counts.submits <= 21 && counts.submits >= 20, `${counts.submits} submits`);
    assert.deepEqual([counts.encoders, counts.passes], [counts.submits, counts.submits]);
    assert.deepEqual(counts.mapped, Array(20).fill(4));
  }
  await engine.generate({ prompt, maxTokens: 2, temperature: 1, logprobs: 0 });
  assert.ok(counts.mapped.at(-1) > 4, 'logprobs need the logits');
  await engine.dispose();
});

test('the text is the native program\'s where the logits are', async () => {
  const native = path.join(scratch, 'native-f32');
  const sinter = (...args) => {
    const { status, stdout, stderr } = spawnSync(tool('sinter'), args.map(String), { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  sinter('compile', tales, '--target', 'cpu', '-q', 'f32', '--variants', 'x86-64-v2', '-o', native, '--quiet');
  const exact = compile(tales, 'webgpu', '-q', 'f32');
  const engine = await load(exact, { device: 'webgpu', gpu });
  const flags = { temperature: '--temp', topK: '--top-k', topP: '--top-p', minP: '--min-p', repeatPenalty: '--repeat-penalty' };
  const several = { temperature: 0.8, topK: 50, topP: 0.95, minP: 0.01, repeatPenalty: 1.1 };
  for (const [name, sampling] of Object.entries({ ...settings, several })) {
    if (Object.keys(sampling).some((key) => !(key in flags))) continue; // the program has no such flag
    const list = Object.entries(sampling).flatMap(([key, value]) => [flags[key], value]);
    const expected = JSON.parse(sinter('run', native, '-p', prompt, '-n', 40, '--json', '--seed', 11, ...list));
    const drawn = await engine.generate({ prompt, maxTokens: 40, seed: 11, ...sampling });
    assert.equal(drawn.text, expected.text, name);
  }
  // Biases: chosen by the host from logits that are read back, greedily and drawn.
  const [first, second] = JSON.parse(sinter('run', native, '-p', prompt, '-n', 2, '--json', '--temp', 0)).tokens;
  for (const temperature of [0, 0.9]) {
    const biases = { [first]: -100, [second]: 2.5 };
    const list = Object.entries(biases).flatMap(([token, bias]) => ['--logit-bias', `${token}=${bias}`]);
    const expected = JSON.parse(sinter('run', native, '-p', prompt, '-n', 30, '--json', '--seed', 5, '--temp', temperature, ...list));
    assert.ok(!expected.tokens.includes(first));
    const drawn = await engine.generate({ prompt, maxTokens: 30, seed: 5, temperature, logitBias: biases });
    assert.equal(drawn.text, expected.text, `biases at ${temperature}`);
  }
  await engine.dispose();
});
