// agreement.mjs FOLDER WORK DEVICE:VARIANT[:THREADS | :validate]...: -q f32 logits and greedy tokens of a reference model
// agree with the published implementation's: at every position, through prefill and step by step. WORK has the bundle
// (tests/e2e/agreement_bundle.py) and gets what was measured. Tolerance of the logits' standard deviation: 2e-4 on wasm,
// 5e-4 on webgpu; two correct float32 implementations are within 2.5e-5 (data/reference/README.md). A webgpu variant whose
// features the adapter lacks is validated only; so is one with :validate.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { dawn, largestDifference, library, readSafetensors, reference } from './support/models.mjs';
import { skip } from './support/skip.mjs';
import { validate } from './support/wgsl.mjs';
import { enableRelaxed } from './node/flags.mjs';

enableRelaxed();

const tolerance = { wasm: 2e-4, webgpu: 5e-4 };

const [name, work, ...devices] = process.argv.slice(2);
const folder = reference(name);
const facts = JSON.parse(fs.readFileSync(path.join(folder, 'expected.json'), 'utf8'));
const expected = readSafetensors(path.join(folder, 'expected.safetensors'));
const bundle = path.join(work, 'bundle');
if (!fs.existsSync(path.join(bundle, 'sinter.js'))) skip(`${bundle} is not there, or has no web library`);
const { load } = await library(bundle);
const { webgpu } = JSON.parse(fs.readFileSync(path.join(bundle, 'manifest.json'), 'utf8')).targets;
const featuresOf = (name) => webgpu.variants.find((variant) => variant.name === name)?.features ?? [];

/** Whether the adapter has what a variant needs. */
async function runs(gpu, variant) {
  const adapter = await gpu.requestAdapter();
  return featuresOf(variant).every((feature) => adapter.features.has(feature));
}

/** What was measured of a device and variant; null where it was not run. */
async function check(device, variant, threads) {
  const gpu = device === 'webgpu' ? await dawn() : undefined;
  if (gpu && (threads === 'validate' || !await runs(gpu, variant))) {
    const count = await validate(bundle, { name: variant, features: featuresOf(variant) });
    console.log(`${name} ${device} ${variant}: ${count} kernels are valid`);
    return null;
  }
  let engine;
  try {
    engine = await load(bundle, { device, variant, threads: Number(threads ?? 1), gpu });
  } catch (error) {
    if (error.code !== 'UNSUPPORTED' || variant !== 'relaxed') throw error;
    console.log(`${device} ${variant}: skipped, this Node has no relaxed SIMD`);
    return null;
  }
  assert.equal(engine.info.device, device);
  assert.equal(engine.info.variant, variant);
  const measured = { variant };
  for (const stepwise of [false, true]) {
    const logits = await engine.logits(facts.tokens, { stepwise });
    const difference = largestDifference(logits, expected.logits.data) / facts.logit_std;
    const how = stepwise ? 'stepwise' : 'prefill';
    console.log(`${name} ${device} ${variant} x${engine.info.threads} ${how}: ${difference.toExponential(2)} of std`);
    assert.ok(difference <= tolerance[device], `logits differ by ${difference} of std`);
    measured[how] = difference;
  }
  const prompt = facts.tokens.slice(0, facts.prompt_length);
  const greedy = { tokens: prompt, maxTokens: facts.greedy.length, temperature: 0, ignoreEos: true };
  assert.deepEqual((await engine.generate(greedy)).tokens, facts.greedy);
  measured.greedy = true;
  await engine.dispose();
  return measured;
}

const fileOf = (device) => path.join(work, `${device}.json`);
const results = {};
for (const one of devices) fs.rmSync(fileOf(one.split(':')[0]), { force: true });
for (const one of devices) {
  const [device, variant, threads] = one.split(':');
  const measured = await check(device, variant, threads);
  if (measured) (results[device] ??= []).push(measured);
}
for (const [device, runs] of Object.entries(results))
  fs.writeFileSync(fileOf(device), `${JSON.stringify({ target: device, runs })}\n`);
process.exit(0); // Dawn keeps the process alive
