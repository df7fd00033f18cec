// What browsers forbid, in a real one with a real bundle: another origin's server without CORS, content security
// policies (connect-src, script-src, worker-src), wrong types of wasm files. D4 row 43. Every refusal is an error that
// names its cause; wrong types do not matter, because files are hashed and compiled from their bytes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { runTests } from '../support/run-tests.mjs';
import { sendFile, serve } from '../support/server.mjs';
import { compileSite } from '../support/site.mjs';

const site = compileSite();
/** What a server of the site adds to answers: headers(name) or answer(request, response, name, entry). */
let pageServer = {}, modelServer = {};
const serving = (of) => serve(site, { intercept: async (request, response, name, entry) => {
  if (name === 'empty.html') {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><link rel="icon" href="data:,"><title>policies</title>');
    return true;
  }
  for (const [header, value] of Object.entries(of().headers?.(name) ?? {})) response.setHeader(header, value);
  return (await of().answer?.(request, response, name, entry)) ?? false;
} });
const server = await serving(() => pageServer);
const other = await serving(() => modelServer);
const browser = await launch({ webgpu: false });

/** Loads in a fresh page; {text, cause, code, message, seconds}. */
async function attempt(base, { worker = true, from = '/sinter.js', policy } = {}) {
  const context = await browser.newContext();
  const page = await watchedPage(context);
  if (policy !== undefined)
    await page.route('**/empty.html', (route) => route.fulfill({
      contentType: 'text/html', body: '<!doctype html><title>t</title>', headers: { 'Content-Security-Policy': policy },
    }));
  await page.goto(`${server.url}empty.html`);
  const result = await page.evaluate(async ({ base, worker, from }) => {
    const began = performance.now();
    try {
      const { load } = await import(from);
      const engine = await load(base, { device: 'wasm', worker });
      const { text } = await engine.generate({ prompt: 'Once upon a time', maxTokens: 12, temperature: 0 });
      await engine.dispose();
      return { text };
    } catch (error) {
      return {
        name: error.name, code: error.code, message: error.message, cause: error.details?.cause,
        seconds: (performance.now() - began) / 1000,
      };
    }
  }, { base, worker, from });
  await context.close();
  return result;
}
async function refused(code, words, ...how) {
  const result = await attempt(...how);
  assert.equal(result.code, code, JSON.stringify(result));
  for (const word of words) assert.match(result.message, word);
  console.log(`      ${result.code}: ${result.message}`);
  return result;
}
const { text } = await attempt('/');
assert.ok(text?.length > 10);
const comesThrough = async (...how) => assert.equal((await attempt(...how)).text, text);
const open = { 'Access-Control-Allow-Origin': '*' };

const tests = {
  async 'another origin without CORS is named, for the manifest and for a file, and not tried again'() {
    for (const worker of [true, false]) {
      const { cause } = await refused('NETWORK', [/is there, but does not allow/, /Access-Control-Allow-Origin/, /manifest\.json/], other.url, { worker });
      assert.equal(cause, 'cors');
    }
    modelServer = { headers: (name) => (name === 'manifest.json' ? open : {}) };
    other.requests.length = 0;
    const { cause } = await refused('NETWORK', [/Access-Control-Allow-Origin/, /\.wasm|\.fb|\.bin/], other.url);
    assert.equal(cause, 'cors');
    const wasm = other.requests.filter((r) => r.path === 'runtime/sinter.wasm');
    assert.ok(wasm.length <= 3, `${wasm.length} requests: the file, and whether the server is there`);
  },
  async 'another origin with CORS comes through, also after a cut'() {
    let cuts = 0;
    modelServer = { headers: () => open, answer: (request, response, name, entry) => {
      // A plain file host answers no preflight: what needs one does not arrive.
      if (request.method === 'OPTIONS') return response.writeHead(405).end(), true;
      if (!name.startsWith('weights/') || cuts++ > 0) return false;
      const bytes = fs.readFileSync(path.join(site, name));
      response.writeHead(200, { 'Content-Length': bytes.length, ETag: '"x"', 'Access-Control-Expose-Headers': 'ETag' });
      response.write(bytes.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 30));
      entry.bytes += 300_000;
      return true;
    } };
    other.requests.length = 0;
    await comesThrough(other.url);
    assert.match(other.requests.find((r) => r.range !== undefined)?.range ?? 'no range', /^bytes=[1-9]\d*-$/);
  },
  async 'a server that goes away is not taken for a forbidding one'() {
    modelServer = { headers: () => open, answer: (request, response, name) => name === 'manifest.json' && (response.destroy(), true) };
    const { cause } = await refused('NETWORK', [/cannot be fetched/], other.url);
    assert.equal(cause, undefined);
  },
  async 'connect-src of the page, and of the worker, is named'() {
    const policy = "script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'";
    const here = await refused('NETWORK', [/content security policy/, /connect-src/, /'self'/], '/', { worker: false, policy });
    assert.equal(here.cause, 'csp');
    pageServer = { headers: (name) => (name === 'worker.js' ? { 'Content-Security-Policy': "connect-src 'self'" } : {}) };
    modelServer = { headers: () => open };
    const there = await refused('NETWORK', [/content security policy/, /worker\.js/], other.url);
    assert.equal(there.cause, 'csp');
    assert.ok(there.message.includes(`add ${new URL(other.url).origin} to its connect-src`));
    assert.ok(there.seconds < 5, `${there.seconds} s: not tried again and again`);
  },
  async 'a policy without wasm-unsafe-eval, or without workers, is named'() {
    await refused('UNSUPPORTED', [/wasm-unsafe-eval/], '/', { worker: false, policy: "script-src 'self'" });
    await refused('WORKER_FAILED', [/worker-src/], '/', { policy: "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'" });
  },
  async 'wasm files of any type are taken'() {
    const types = { sinter: 'text/html', relaxed: undefined };
    pageServer = { answer: (request, response, name, entry) => {
      if (!name.endsWith('.wasm')) return false;
      const type = types[path.basename(name, '.wasm')];
      const set = response.setHeader.bind(response);
      response.setHeader = (header, value) => (header === 'Content-Type' ? type && set(header, type) : set(header, value));
      sendFile(path.join(site, name), request, response, entry);
      return true;
    } };
    await comesThrough('/');
    // A page in the file's place is none of them.
    pageServer = { answer: (request, response, name) => name.endsWith('.wasm') && (response.writeHead(200, { 'Content-Type': 'text/html' }), response.end('<p>sign in'), true) };
    await refused('BAD_RESPONSE', [/web page/, /\.wasm/], '/');
  },
  async 'a library on another origin starts its worker all the same'() {
    modelServer = { headers: () => open };
    await comesThrough('/', { from: `${other.url}sinter.js` });
  },
};

const passed = await runTests(tests, { before: () => { pageServer = modelServer = {}; } });
await browser.close();
await server.close();
await other.close();
process.exit(passed ? 0 : 1);
