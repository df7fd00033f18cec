// The library in every kind of place a browser has: dedicated worker with threads, the page itself, a shared worker, a
// service worker; and a worker whose script is missing. The text is the same everywhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { serve } from '../support/server.mjs';
import { compileSite, temporaryFolder } from '../support/site.mjs';

const root = temporaryFolder('workers');
fs.cpSync(compileSite(), root, { recursive: true });
fs.writeFileSync(path.join(root, 'any-worker.js'), `
import { load } from './sinter.js';
async function run() {
  const engine = await load('/', { device: 'wasm' });
  const { text } = await engine.generate({ prompt: 'Once upon a time', maxTokens: 12, temperature: 0 });
  return { text, info: engine.info };
}
const answer = (port) => run().then((value) => port.postMessage(value), (error) => port.postMessage(String(error.stack)));
self.addEventListener('connect', (event) => answer(event.ports[0]));
self.addEventListener('message', (event) => answer(event.source));
`);
fs.writeFileSync(path.join(root, 'empty.html'), '<!doctype html><link rel="icon" href="data:,"><title>workers</title>');
const server = await serve(root, { isolated: true });
const browser = await launch({ webgpu: false });
const page = await watchedPage(browser);
await page.goto(`${server.url}empty.html`);

const here = (options) => page.evaluate(async (options) => {
  const { load } = await import('/sinter.js');
  const engine = await load('/', options);
  const { text } = await engine.generate({ prompt: 'Once upon a time', maxTokens: 12, temperature: 0 });
  const { info } = engine;
  await engine.dispose();
  return { text, info };
}, options);

const dedicated = await here({ threads: 1 });
assert.equal(dedicated.info.worker, true);
assert.equal(dedicated.info.device, 'wasm');
assert.ok(dedicated.text.length > 10);
console.log(`dedicated worker: ${dedicated.info.reason}`);

const threads = await here({ threads: 2 });
assert.deepEqual([threads.info.threads, threads.text], [2, dedicated.text], threads.info.reason);
console.log(`threads: ${threads.info.reason}`);

const direct = await here({ worker: false });
assert.deepEqual([direct.info.worker, direct.info.threads, direct.text], [false, 1, dedicated.text]);
assert.match(direct.info.reason, /page's own thread/);

const shared = await page.evaluate(() => new Promise((ok) => {
  const worker = new SharedWorker('/any-worker.js', { type: 'module' });
  worker.onerror = () => ok('the shared worker failed');
  worker.port.onmessage = (event) => ok(event.data);
}));
assert.equal(shared.text, dedicated.text, JSON.stringify(shared));

const service = await page.evaluate(async () => {
  await navigator.serviceWorker.register('/any-worker.js', { type: 'module' });
  const { active } = await navigator.serviceWorker.ready;
  return new Promise((ok) => {
    navigator.serviceWorker.onmessage = (event) => ok(event.data);
    active.postMessage('run');
  });
});
assert.equal(service.text, dedicated.text, JSON.stringify(service));
assert.deepEqual(page.faults, []);
console.log('page, shared worker, service worker: the same text');

// A worker that cannot start, and one that dies, reject what waits.
const codes = await page.evaluate(async () => {
  const { load } = await import('/sinter.js');
  const codeOf = (promise) => promise.then(() => 'none', (error) => error.code);
  const missing = await codeOf(load('/', { worker: new Worker('/no-such-file.js', { type: 'module' }) }));
  const dying = new Blob(['onmessage = () => { throw new Error("dies"); }'], { type: 'text/javascript' });
  const dead = await codeOf(load('/', { worker: new Worker(URL.createObjectURL(dying)) }));
  return [missing, dead];
});
assert.deepEqual(codes, ['WORKER_FAILED', 'WORKER_FAILED']);

// One that dies in the middle of a reply: what runs and what waits is rejected, later calls are, and loading again works.
const midway = await page.evaluate(async () => {
  const { load } = await import('/sinter.js');
  const codeOf = (promise) => promise.then(() => 'none', (error) => error.code);
  const mortal = new Blob([`import "${location.origin}/worker.js";
    addEventListener("message", ({ data }) => { if (data === "die") throw new Error("dies"); });`], { type: 'text/javascript' });
  const worker = new Worker(URL.createObjectURL(mortal), { type: 'module' });
  const engine = await load('/', { device: 'wasm', worker });
  const request = { prompt: 'Once upon a time', maxTokens: 400, ignoreEos: true };
  const running = engine.generate(request, { onToken: () => worker.postMessage('die') });
  const codes = await Promise.all([codeOf(running), codeOf(engine.generate(request)), codeOf(engine.generate(request))]);
  codes.push(await codeOf(engine.tokenize('a')));
  await engine.dispose();
  const again = await load('/', { device: 'wasm' });
  const { text } = await again.generate({ prompt: 'Once upon a time', maxTokens: 12, temperature: 0 });
  await again.dispose();
  return { codes, text };
});
assert.deepEqual(midway.codes, Array(4).fill('WORKER_FAILED'));
assert.equal(midway.text, dedicated.text);
await browser.close();
await server.close();
