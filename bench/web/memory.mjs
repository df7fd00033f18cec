// Heaps while a large bundle loads in Chromium and makes tokens: node memory.mjs SITE [webgpu|wasm] [TOKENS]
// Reported, in MiB: the wasm memory of the engine; the JavaScript heap of page and worker (used size after a
// garbage collection, from the protocol) before the load and at its highest, sampled four times a second;
// buffers on the GPU; resident memory of each kind of browser process. SELF_CHECK=0 leaves the golden logits
// out, CACHE=0 the cache.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launchProfile } from '../../tests/web/support/browser.mjs';
import { serve } from '../../tests/web/support/server.mjs';
import { browserMemory, foreignLoad } from './machine.mjs';

const [site, device = 'webgpu', tokens = '1'] = process.argv.slice(2);
const mib = (bytes) => Math.round((bytes / (1 << 20)) * 10) / 10;
const load = foreignLoad();
const server = await serve(site);
// A profile on disk: private windows keep stored files in memory.
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-memory-'));
const browser = await launchProfile(profile);
const page = await browser.newPage();
page.setDefaultTimeout(0);
await page.route('**/bench.html', (route) => route.fulfill({ contentType: 'text/html', body: '<title>memory</title>' }));
await page.goto(`${server.url}bench.html`);

// The heaps of the page and of every worker that it starts.
const cdp = await page.context().newCDPSession(page);
const workers = new Set();
let counter = 0;
const pending = new Map();
cdp.on('Target.attachedToTarget', ({ sessionId }) => workers.add(sessionId));
cdp.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
  const { id, result } = JSON.parse(message);
  pending.get(id)?.(result);
  pending.delete(id);
});
await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
const askWorker = (sessionId, method) => new Promise((resolve) => {
  const id = ++counter;
  pending.set(id, resolve);
  setTimeout(() => resolve(undefined), 5000);
  cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) }).catch(() => resolve(undefined));
});
/** {used, backing}: objects, and the buffers that belong to them (ArrayBuffers, wasm memories too). */
async function heaps(collect) {
  const total = { used: 0, backing: 0 };
  const add = (usage) => {
    total.used += usage?.usedSize ?? 0;
    total.backing += usage?.backingStorageSize ?? 0;
  };
  if (collect) await cdp.send('HeapProfiler.collectGarbage');
  add(await cdp.send('Runtime.getHeapUsage'));
  for (const worker of workers) {
    if (collect) await askWorker(worker, 'HeapProfiler.collectGarbage');
    add(await askWorker(worker, 'Runtime.getHeapUsage'));
  }
  return total;
}

const before = await heaps(true);
const peak = { used: 0, backing: 0, pss: 0 };
let sampling = true;
const sampler = (async () => {
  while (sampling) {
    const now = await heaps(false);
    peak.used = Math.max(peak.used, now.used);
    peak.backing = Math.max(peak.backing, now.backing);
    peak.pss = Math.max(peak.pss, browserMemory().pss);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
})();
const result = await page.evaluate(async (job) => {
  const { load } = await import('/sinter.js');
  const begun = performance.now();
  const engine = await load('/', { device: job.device, cache: job.cache, selfCheck: job.selfCheck, onProgress: (progress) => (globalThis.progress = progress) });
  const loadSeconds = (performance.now() - begun) / 1000;
  const afterLoad = await engine.stats();
  const { tokens, stats } = await engine.generate({ tokens: [1], maxTokens: job.count, temperature: 0, ignoreEos: true });
  const end = await engine.stats();
  return { info: { device: engine.info.device, variant: engine.info.variant, weights: engine.info.bytes.weights }, loadSeconds, tokens, stageSeconds: afterLoad.load.stageSeconds,
    secondsPerToken: stats.firstTokenSeconds, wasmBytes: end.wasmBytes, gpuBytes: end.gpuBytes };
}, { device, count: Number(tokens), cache: process.env.CACHE !== '0', selfCheck: process.env.SELF_CHECK !== '0' }).catch((error) => ({ error: String(error).slice(0, 600) }));
sampling = false;
await sampler;
const after = await heaps(true);
console.log(JSON.stringify({
  time: new Date().toISOString().slice(0, 19), other_cores: load(), chromium: browser.browser()?.version(), device, ...result,
  weights_gib: result.info && Math.round((result.info.weights / 2 ** 30) * 100) / 100,
  wasm_mib: mib(result.wasmBytes ?? 0), gpu_mib: mib(result.gpuBytes ?? 0),
  js_heap_mib: { before: mib(before.used), peak: mib(peak.used), after: mib(after.used) },
  buffers_mib: { before: mib(before.backing), peak: mib(peak.backing), after: mib(after.backing) },
  browser_pss_peak_mib: peak.pss, processes_peak_mib: browserMemory().of,
}, undefined, 1));
await browser.close();
await server.close();
fs.rmSync(profile, { recursive: true });
