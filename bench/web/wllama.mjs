// wllama in headless Chromium, on the processor: node wllama.mjs MODELS_DIR SHAPE THREADS
// The packages come from the working folder. The vocabulary of bench/models/random-model.cpp has a token
// per byte and none that text could be merged to, so a prompt of so many bytes is so many tokens. The same
// line as sinter.mjs, with the speeds that wllama reports itself.
import fs from 'node:fs';
import path from 'node:path';
import { launch } from '../../tests/web/support/browser.mjs';
import { serve } from '../../tests/web/support/server.mjs';
import { browserMemory, foreignLoad } from './machine.mjs';

const [models, shape, threads] = process.argv.slice(2);
const packageFolder = path.join(process.cwd(), 'node_modules/@wllama/wllama');
const { version } = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const load = foreignLoad();
const server = await serve(process.cwd(), {
  isolated: true,
  intercept: (request, response, name) => {
    if (name !== `${shape}.gguf`) return false;
    const file = path.join(models, name);
    response.setHeader('Content-Length', fs.statSync(file).size);
    request.method === 'HEAD' ? response.end() : fs.createReadStream(file).pipe(response);
    return true;
  },
});
const browser = await launch({ webgpu: false });
const page = await browser.newPage();
page.setDefaultTimeout(0);
await page.route('**/bench.html', (route) => route.fulfill({
  contentType: 'text/html', body: '<title>bench</title>',
  headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
}));
await page.goto(`${server.url}bench.html`);
const before = browserMemory();
let peak = 0;
const sampler = setInterval(() => (peak = Math.max(peak, browserMemory().pss)), 1000);
const result = await page.evaluate(async (job) => {
  const { Wllama } = await import('/node_modules/@wllama/wllama/esm/index.min.js');
  const silent = { debug() {}, log() {}, warn() {}, error() {} };
  const wllama = new Wllama({ default: '/node_modules/@wllama/wllama/esm/wasm/wllama.wasm' }, { suppressNativeLog: true, logger: silent });
  const begun = performance.now();
  await wllama.loadModelFromUrl(`${location.origin}/${job.shape}.gguf`, { n_threads: job.threads, n_ctx: 512, useCache: false, n_gpu_layers: 0 });
  const loadMs = performance.now() - begun;
  const runs = [];
  for (let run = 0; run < job.reps; ++run) {
    // A space in front becomes three bytes; with the first token of a text there are 128.
    const prompt = Array.from({ length: job.prompt - 4 }, (_, i) => 'abcdefgh'[(i + run) % 8]).join('');
    const start = performance.now();
    let first = 0;
    let timings;
    await wllama.createCompletion({
      prompt, max_tokens: job.decode + 1, temperature: 0, ignore_eos: true, cache_prompt: false, stream: true, timings_per_token: true,
      onData: (chunk) => {
        first ||= performance.now();
        timings = chunk.timings ?? timings;
      },
    });
    runs.push({ ttft_ms: first - start, prefill: timings?.prompt_per_second, decode: timings?.predicted_per_second,
      prompt_tokens: timings?.prompt_n, decoded_tokens: timings?.predicted_n });
  }
  return { isolated: crossOriginIsolated, load_ms: loadMs, runs };
}, { shape, threads: Number(threads), reps: number('REPS', 4), decode: number('DECODE', 32), prompt: number('PROMPT', 128) })
  .catch((error) => ({ error: String(error).split('\n')[0].slice(0, 300) }));
clearInterval(sampler);
const after = browserMemory();
console.log(JSON.stringify({
  time: new Date().toISOString().slice(0, 19), other_cores: load(), engine: `wllama ${version}`, chromium: browser.version(), config: 'processor', shape,
  threads: Number(threads), ...result, pss_before_mib: before.pss, pss_after_mib: after.pss, pss_peak_mib: Math.max(peak, after.pss),
}));
await browser.close();
await server.close();
