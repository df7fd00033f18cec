// What choosing a token costs on the GPU, by default Chromium's SwiftShader through Dawn: processor time of this process for a
// decoded token, greedy, with settings, and with the logits read back and the host's sampler. Every round has all of them.
//   node bench/web/sampling.mjs BUNDLE [ROUNDS [TOKENS [VARIANT]]]     BUNDLE: compiled with --target webgpu
// Figures: docs/measurements/webgpu.md.
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { dawn } from '../../tests/web/support/models.mjs';

const [bundle, rounds = '5', tokens = '32', variant] = process.argv.slice(2);
const file = (name) => import(pathToFileURL(path.join(path.resolve(bundle), name)).href);
const { load } = await file('sinter.js');
const { GpuProgram } = await file('gpu-program.js');
const { has } = GpuProgram.prototype;
const engine = await load(path.resolve(bundle), { device: 'webgpu', gpu: await dawn(), ...(variant ? { variant } : {}) });

const all = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.02, repeatPenalty: 1.1, frequencyPenalty: 0.1, presencePenalty: 0.1 };
const choices = {
  greedy: { temperature: 0 },
  temperature: { temperature: 1 },
  'top-k 40': { temperature: 1, topK: 40 },
  'top-p 0.95': { temperature: 1, topP: 0.95 },
  'all settings': all,
  'temperature, read back': { temperature: 1, onHost: true },
  'all settings, read back': { ...all, onHost: true },
};
const least = {};
for (let round = 0; round < Number(rounds); ++round)
  for (const [name, { onHost, ...sampling }] of Object.entries(choices)) {
    GpuProgram.prototype.has = onHost ? () => false : has;
    const request = { tokens: [1, 2, 3, 4], ignoreEos: true, seed: round, ...sampling };
    await engine.reset();
    await engine.generate({ ...request, maxTokens: 1 });
    const before = process.cpuUsage();
    const { tokens: made } = await engine.generate({ ...request, maxTokens: 1 + Number(tokens) });
    const { user, system } = process.cpuUsage(before);
    const each = (user + system) / 1e3 / made.length;
    least[name] = Math.min(least[name] ?? Infinity, each);
  }
console.log(`${engine.info.variant}, vocabulary ${engine.info.vocabSize}: ms of processor time a token, least of ${rounds} rounds`);
for (const [name, each] of Object.entries(least))
  console.log(`${name.padEnd(26)} ${each.toFixed(2).padStart(8)}  ${(each - least.greedy).toFixed(2).padStart(8)} more than greedy`);
process.exit(0); // Dawn's objects would keep the process alive
