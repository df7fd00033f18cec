// Aborts at random moments of load, prefill and decode, requests side by side, and engines that are
// disposed of while they work, in a real browser on wasm and WebGPU: every call ends at once with ABORTED or
// DISPOSED, the engine then answers as before, and nothing is rejected unheard. ROUNDS (default 30) per device;
// the measured runs had 100.
import assert from 'node:assert/strict';
import { launch, watchedPage } from '../support/browser.mjs';
import { serve } from '../support/server.mjs';
import { compileSite } from '../support/site.mjs';

const rounds = Number(process.env.ROUNDS ?? 30);
const server = await serve(compileSite(), { isolated: true });
const browser = await launch();

/** Runs in the page. */
async function torture({ device, rounds }) {
  const { load } = await import('/sinter.js');
  const unheard = [];
  addEventListener('unhandledrejection', (event) => unheard.push(String(event.reason)));
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const codes = {};
  let longest = 0;
  /** Aborts a call after so long; counts how it ended and how long that took. */
  const abortAfter = async (ms, start) => {
    const abort = new AbortController();
    let aborted = Infinity;
    const call = start(abort.signal).then((value) => ({ value }), (error) => ({ code: error.code }));
    await Promise.race([pause(ms), call]);
    aborted = performance.now();
    abort.abort();
    const { value, code } = await call;
    longest = Math.max(longest, performance.now() - aborted);
    codes[code ?? 'finished'] = (codes[code ?? 'finished'] ?? 0) + 1;
    return value;
  };
  const options = { device, selfCheck: false };
  const messages = [{ role: 'user', content: 'Tell me a story about a fox.' }];
  const request = { messages, temperature: 0, maxTokens: 24 };
  const engine = await load('/', options);
  const expected = (await engine.generate(request)).text;
  let loads = 0;
  for (let round = 0; round < rounds; ++round) {
    if (round % 5 === 0) {
      ++loads;
      const other = await abortAfter(Math.random() * 150, (signal) => load('/', { ...options, signal }));
      await other?.dispose();
    } else {
      // Long prompts: within prefill; longer times: within decode.
      const prompt = 'Once upon a time there was a fox. '.repeat(round % 2 ? 20 : 1);
      await abortAfter(Math.random() * (device === 'webgpu' ? 300 : 40), (signal) => engine.generate({ prompt, temperature: 0, maxTokens: 150, ignoreEos: true }, { signal }));
    }
    if (round % 10 === 9 && (await engine.generate(request)).text !== expected) throw new Error(`round ${round}: another text than before`);
  }
  const after = (await engine.generate(request)).text;
  // Side by side: in order, each with its own text.
  const together = await Promise.all(Array.from({ length: 8 }, () => engine.generate({ ...request, maxTokens: 8 }).then((r) => r.text)));
  // Disposed of at its first token: a pause could outlast a short reply.
  let begun;
  const firstToken = new Promise((resolve) => { begun = resolve; });
  const running = engine.generate({ ...request, maxTokens: 200, ignoreEos: true }, { onToken: begun }).then(() => 'finished', (error) => error.code);
  await firstToken;
  await engine.dispose();
  await engine.dispose();
  const late = await engine.generate(request).then(() => 'finished', (error) => error.code);
  await pause(50);
  return { expected, after, together, disposed: await running, late, codes, loads, longest: Math.round(longest), unheard };
}

for (const device of ['wasm', 'webgpu']) {
  const context = await browser.newContext();
  const page = await watchedPage(context);
  await page.route('**/empty.html', (route) => route.fulfill({
    contentType: 'text/html', body: '<!doctype html><title>t</title><link rel="icon" href="data:,">',
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  }));
  await page.goto(`${server.url}empty.html`);
  const result = await page.evaluate(torture, { device, rounds });
  console.log(`${device}: ${JSON.stringify(result.codes)}, of them ${result.loads} loads; the slowest end took ${result.longest} ms`);
  assert.equal(result.after, result.expected);
  assert.equal(new Set(result.together).size, 1);
  assert.ok(result.expected.startsWith(result.together[0]));
  assert.equal(result.disposed, 'DISPOSED');
  assert.equal(result.late, 'DISPOSED');
  assert.deepEqual(Object.keys(result.codes).filter((code) => code !== 'ABORTED' && code !== 'finished'), []);
  assert.ok(result.codes.ABORTED >= rounds / 3, 'too few aborts met a call that ran');
  assert.deepEqual(result.unheard, []);
  assert.deepEqual(page.faults, []);
  await context.close();
}
await browser.close();
await server.close();
