// agreement.mjs FOLDER DEVICE:VARIANT[:THREADS]...: -q f32 logits and greedy tokens of a reference model agree with the
// published implementation's: at every position, through prefill and step by step. Tolerance of the logits' standard
// deviation: 2e-4 on wasm, 5e-4 on webgpu; two correct float32 implementations are within 2.5e-5
// (data/reference/README.md).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { compile, dawn, largestDifference, library, readSafetensors, reference } from './support/models.mjs';
import { enableRelaxed } from './node/flags.mjs';

enableRelaxed();

const tolerance = { wasm: 2e-4, webgpu: 5e-4 };

const [name, ...devices] = process.argv.slice(2);
const folder = reference(name);
const facts = JSON.parse(fs.readFileSync(path.join(folder, 'expected.json'), 'utf8'));
const expected = readSafetensors(path.join(folder, 'expected.safetensors'));
const kinds = new Set(devices.map((device) => device.split(':')[0]));
const bundle = compile(folder, kinds.size > 1 ? 'web' : [...kinds][0], '-q', 'f32');
const { load } = await library(bundle);

async function check(device, variant, threads) {
  const gpu = device === 'webgpu' ? await dawn() : undefined;
  let engine;
  try {
    engine = await load(bundle, { device, variant, threads: Number(threads ?? 1), gpu });
  } catch (error) {
    if (error.code !== 'UNSUPPORTED' || variant !== 'relaxed') throw error;
    return console.log(`${device} ${variant}: skipped, this Node has no relaxed SIMD`);
  }
  assert.equal(engine.info.device, device);
  assert.equal(engine.info.variant, variant);
  for (const stepwise of [false, true]) {
    const logits = await engine.logits(facts.tokens, { stepwise });
    const difference = largestDifference(logits, expected.logits.data) / facts.logit_std;
    const how = stepwise ? 'stepwise' : 'prefill';
    console.log(`${name} ${device} ${variant} x${engine.info.threads} ${how}: ${difference.toExponential(2)} of std`);
    assert.ok(difference <= tolerance[device], `logits differ by ${difference} of std`);
  }
  const prompt = facts.tokens.slice(0, facts.prompt_length);
  const greedy = { tokens: prompt, maxTokens: facts.greedy.length, temperature: 0, ignoreEos: true };
  assert.deepEqual((await engine.generate(greedy)).tokens, facts.greedy);
  await engine.dispose();
}

for (const device of devices) await check(...device.split(':'));
process.exit(0); // Dawn keeps the process alive
