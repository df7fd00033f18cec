// From the browser's file storage to the first token: node load.mjs SITE [webgpu|wasm] [THREADS]
// Beside it the raw copy of the same bytes, in the same browser, in turn: a worker reads every stored shard
// through one buffer of a shard's size and hands it to the device (GPU buffers, or a WebAssembly memory),
// nothing hashed, nothing checked. ROUNDS (default 7); the first of each kind is left out. One JSON line.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launchProfile } from '../../tests/web/support/browser.mjs';
import { serve } from '../../tests/web/support/server.mjs';
import { foreignLoad } from './machine.mjs';

const [site, device = 'webgpu', threads = '1'] = process.argv.slice(2);
const rounds = Number(process.env.ROUNDS ?? 7);
const server = await serve(site, { isolated: Number(threads) > 1 });
// A profile on disk: private windows keep stored files in memory.
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-load-'));
const browser = await launchProfile(profile);

/** A page that does nothing; as new for each measurement. */
async function freshPage() {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.route('**/bench.html', (route) => route.fulfill({
    contentType: 'text/html', body: '<title>load</title>',
    headers: Number(threads) > 1 ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } : {},
  }));
  await page.goto(`${server.url}bench.html`);
  return page;
}

/** Runs in a worker: {device, shards: [{sha256, size}]} to milliseconds. */
async function copyShards({ device, shards }) {
  const total = shards.reduce((sum, { size }) => sum + size, 0);
  const root = await navigator.storage.getDirectory();
  const files = await (await root.getDirectoryHandle('sinter')).getDirectoryHandle('files');
  let take = async () => {};
  let end = async () => {};
  const begun = performance.now();
  const buffer = new Uint8Array(shards[0].size);
  if (device === 'webgpu') {
    const gpu = await (await navigator.gpu.requestAdapter()).requestDevice();
    const most = 128 << 20;
    const buffers = Array.from({ length: Math.ceil(total / most) }, () => gpu.createBuffer({ size: most, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST }));
    let done = Promise.resolve();
    take = async (at, bytes) => {
      await done;
      for (let from = 0; from < bytes.length;) {
        const into = Math.floor((at + from) / most);
        const size = Math.min(bytes.length - from, (into + 1) * most - at - from, 4 << 20);
        gpu.queue.writeBuffer(buffers[into], at + from - into * most, bytes, from, size);
        from += size;
      }
      done = gpu.queue.onSubmittedWorkDone();
    };
    end = async () => {
      await done;
      gpu.destroy();
    };
  } else {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(total / 65536) });
    take = async (at, bytes) => new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  }
  let at = 0;
  for (const { sha256, size } of shards) {
    const handle = await (await files.getFileHandle(sha256)).createSyncAccessHandle({ mode: 'read-only' });
    const bytes = buffer.subarray(0, size);
    handle.read(bytes, { at: 0 });
    handle.close();
    await take(at, bytes);
    at += size;
  }
  await end();
  return performance.now() - begun;
}

const rawCopy = (job) => new Promise((resolve, reject) => {
  const worker = new Worker(URL.createObjectURL(new Blob([
    `onmessage = ({ data }) => (${job.source})(data).then((ms) => postMessage({ ms }), (error) => postMessage({ error: String(error) }));`,
  ])));
  worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.ms));
  worker.postMessage({ device: job.device, shards: job.shards });
});

/** Runs in the page. */
async function loadAndSpeak(job) {
  const { load } = await import('/sinter.js');
  const begun = performance.now();
  const engine = await load('/', { device: job.device, threads: job.threads, selfCheck: job.selfCheck });
  const ready = performance.now();
  await engine.generate({ tokens: [1], maxTokens: 1, temperature: 0, ignoreEos: true });
  const spoken = performance.now();
  const { info } = engine;
  const { load: stages } = await engine.stats();
  await engine.dispose();
  return { ready: ready - begun, first: spoken - begun, config: `${info.device} ${info.variant}`, cache: info.cache, bytes: info.bytes.weights, stages: stages.stageSeconds, downloaded: stages.downloadedBytes };
}

const manifest = JSON.parse(fs.readFileSync(path.join(site, 'manifest.json'), 'utf8'));
const shards = manifest.files.filter(({ path }) => path.startsWith('weights/')).map(({ sha256, size }) => ({ sha256, size }));
const watch = foreignLoad();
const kinds = {
  raw: (page) => page.evaluate(rawCopy, { source: copyShards.toString(), device, shards }).then((ms) => ({ first: ms, ready: ms })),
  checked: (page) => page.evaluate(loadAndSpeak, { device, threads: Number(threads), selfCheck: true }),
  unchecked: (page) => page.evaluate(loadAndSpeak, { device, threads: Number(threads), selfCheck: false }),
};
const times = { raw: [], checked: [], unchecked: [] };
let last;
{
  const page = await freshPage();
  await kinds.checked(page); // fills the storage
  await page.close();
}
for (let round = 0; round < rounds; ++round)
  for (const [kind, run] of Object.entries(kinds)) {
    const page = await freshPage();
    const result = await run(page);
    if (result.downloaded) throw new Error(`${kind}: ${result.downloaded} bytes came from the network`);
    if (kind !== 'raw') last = result;
    if (round > 0) times[kind].push(result);
    await page.close();
  }
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const summary = (kind, what) => {
  const list = times[kind].map((result) => result[what]);
  return { median: Math.round(middle(list)), least: Math.round(Math.min(...list)) };
};
const raw = summary('raw', 'first');
const ratio = (kind, what) => Number((summary(kind, what).median / raw.median).toFixed(2));
console.log(JSON.stringify({
  time: new Date().toISOString().slice(0, 19), other_cores: watch(), chromium: browser.browser()?.version(), config: last.config, threads: Number(threads), bytes: last.bytes,
  raw_ms: raw, ready_ms: summary('unchecked', 'ready'), first_token_ms: summary('unchecked', 'first'), checked_first_token_ms: summary('checked', 'first'),
  to_raw: { ready: ratio('unchecked', 'ready'), first: ratio('unchecked', 'first'), checked_first: ratio('checked', 'first') }, stages: last.stages,
}));
await browser.close();
await server.close();
fs.rmSync(profile, { recursive: true });
