// half.mjs: a 4-bit reference model in the browser's variants `f16` and `f32` on lavapipe, which Dawn takes behind the test
// layer (tests/device/vulkan/FaultLayer.cpp) and which has shader-f16: logits of the two by prefill and step by step are as
// near as those of spirv-f16 and spirv-f32 (tests/e2e/vulkan_half.py), and of a bundle with both a device with shader-f16
// takes `f16` by itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { compile, lavapipe, library, reference } from './support/models.mjs';

const [root, most] = [5e-3, 3e-2]; // of the logits' standard deviation

const folder = reference('llama');
const facts = JSON.parse(fs.readFileSync(path.join(folder, 'expected.json'), 'utf8'));
const gpu = await lavapipe();
const bundle = compile(folder, 'webgpu', '-q', 'q4', '--variants', 'f16,f32');
const { load } = await library(bundle);

const chosen = await load(bundle, { device: 'webgpu', gpu });
assert.equal(chosen.info.variant, 'f16');
const single = await load(bundle, { device: 'webgpu', variant: 'f32', gpu });
for (const stepwise of [false, true]) {
  const [a, b] = [await chosen.logits(facts.tokens, { stepwise }), await single.logits(facts.tokens, { stepwise })];
  const apart = Array.from(a, (x, i) => Math.abs(x - b[i]) / facts.logit_std);
  const rms = Math.sqrt(apart.reduce((sum, x) => sum + x * x, 0) / apart.length), largest = Math.max(...apart);
  console.log(`${stepwise ? 'stepwise' : 'prefill'}: ${rms.toExponential(1)} of std, at most ${largest.toExponential(1)}`);
  assert.ok(rms > 1e-5, 'that is not f16');
  assert.ok(rms <= root && largest <= most, 'logits differ');
}
const request = { tokens: facts.tokens.slice(0, facts.prompt_length), maxTokens: facts.greedy.length, temperature: 0, ignoreEos: true };
assert.deepEqual((await chosen.generate(request)).tokens, (await single.generate(request)).tokens);
process.exit(0); // Dawn keeps the process alive
