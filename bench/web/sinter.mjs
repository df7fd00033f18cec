// Sinter in headless Chromium: node sinter.mjs SITE SHAPE wasm|webgpu THREADS [VARIANT]
// One process, one browser, one JSON line: load time, and prefill and decode speed of REPS generations
// (default 4) of DECODE tokens (32) after PROMPT ids (128), greedily; memory of all browser processes.
// THREADS above 1 isolates the page. The first token of a generation comes out of the prefill.
import { launch } from '../../tests/web/support/browser.mjs';
import { serve } from '../../tests/web/support/server.mjs';
import { browserMemory, foreignLoad, promptIds } from './machine.mjs';

const [site, shape, device, threads = '1', variant] = process.argv.slice(2);
const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const load = foreignLoad();
const server = await serve(site, { isolated: Number(threads) > 1 });
const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(0);
// A page that does nothing: the library is imported below.
await page.route('**/bench.html', (route) => route.fulfill({
  contentType: 'text/html', body: '<title>bench</title>',
  headers: Number(threads) > 1 ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } : {},
}));
await page.goto(`${server.url}bench.html`);
const before = browserMemory();
let peak = 0;
const sampler = setInterval(() => (peak = Math.max(peak, browserMemory().pss)), 1000);
const result = await page.evaluate(async (job) => {
  const { load } = await import('/sinter.js');
  const begun = performance.now();
  const engine = await load('/', { device: job.device, threads: job.threads, ...(job.variant ? { variant: job.variant } : {}) });
  const loadMs = performance.now() - begun;
  const runs = [];
  for (let run = 0; run < job.reps; ++run) {
    // Another first token each time: what is held from before is not reused.
    const tokens = [run + 2, ...job.prompt.slice(1)];
    await engine.reset();
    const start = performance.now();
    let first = 0;
    const { stats, tokens: made } = await engine.generate(
      { tokens, maxTokens: job.decode + 1, temperature: 0, ignoreEos: true },
      { onToken: () => (first ||= performance.now()) },
    );
    const end = performance.now();
    runs.push({
      ttft_ms: first - start, prefill: (tokens.length / (first - start)) * 1e3, decode: ((made.length - 1) / (end - first)) * 1e3,
      engine_prefill: stats.prefillTokensPerSecond, engine_decode: stats.decodeTokensPerSecond, reused: stats.reusedTokens,
    });
  }
  const { info } = engine;
  const stats = await engine.stats();
  return { isolated: crossOriginIsolated, config: `${info.device} ${info.variant}`, reason: info.reason, threads: info.threads, load_ms: loadMs,
    wasm_bytes: stats.wasmBytes, gpu_bytes: stats.gpuBytes, runs };
}, { device, threads: Number(threads), variant, reps: number('REPS', 4), decode: number('DECODE', 32), prompt: promptIds(number('PROMPT', 128)) })
  .catch((error) => ({ config: device, error: String(error).slice(0, 500) }));
clearInterval(sampler);
const after = browserMemory();
console.log(JSON.stringify({
  time: new Date().toISOString().slice(0, 19), other_cores: load(), engine: 'sinter', chromium: browser.version(), shape, threads: Number(threads), ...result,
  pss_before_mib: before.pss, pss_after_mib: after.pss, pss_peak_mib: Math.max(peak, after.pss),
}));
await browser.close();
await server.close();
