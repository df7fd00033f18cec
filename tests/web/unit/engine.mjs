// The engine's rules over a device that computes nothing: queue, abort, stop, context, reuse, disposal, rebuild.
// D4 rows 47, 50 to 54.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeDevice, info, load } from './fake-device.mjs';
import { lib, rejectsWith } from './support.mjs';

const { LocalEngine } = await lib('engine');
const { SinterError } = await lib('errors');

const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

function makeEngine(options = {}) {
  const device = options.device ?? new FakeDevice(options);
  const engine = new LocalEngine({
    device, reason: 'a test', info, load, sampling: options.sampling ?? {}, rebuild: options.rebuild ?? (() => { throw new Error('no rebuild'); }),
  });
  return { engine, device };
}
const nextOf = (held) => (held.reduce((a, b) => a + b, held.length)) % 28;
/** What greedy generation must give. */
function expected(prompt, count) {
  const held = [...prompt], out = [];
  for (let i = 0; i < count; ++i) { const token = nextOf(held); if (token === 0) break; out.push(token); held.push(token); }
  return out;
}

for (const depth of [1, 3]) {
  test(`depth ${depth}: tokens, text, maxTokens`, async () => {
    const { engine, device } = makeEngine({ depth });
    const events = [];
    const result = await engine.generate({ tokens: [1, 2, 3], maxTokens: 5 }, { onToken: (e) => events.push(e) });
    assert.deepEqual(result.tokens, expected([1, 2, 3], 5));
    assert.equal(result.text, device.model.detokenize(result.tokens));
    assert.equal(events.map((e) => e.text).join(''), result.text);
    assert.equal(result.finishReason, 'length');
    assert.equal(result.stats.generatedTokens, result.tokens.length);
    assert.equal(device.model.streams, 0);
    assert.equal(device.begun, false);
  });

  test(`depth ${depth}: a conversation that goes on computes only the rest`, async () => {
    const { engine, device } = makeEngine({ depth });
    const first = await engine.generate({ tokens: [1, 2, 3], maxTokens: 4 });
    const told = [1, 2, 3, ...first.tokens, 5, 6];
    const second = await engine.generate({ tokens: told, maxTokens: 3 });
    assert.deepEqual(second.tokens, expected(told, 3));
    assert.ok(second.stats.reusedTokens >= 3 + first.tokens.length - 1, `reused ${second.stats.reusedTokens}`);
    const other = await engine.generate({ tokens: [1, 2, 9], maxTokens: 2 });
    assert.equal(other.stats.reusedTokens, 2);
    assert.deepEqual(other.tokens, expected([1, 2, 9], 2));
    const same = await engine.generate({ tokens: [1, 2, 9], maxTokens: 2 });
    assert.equal(same.stats.reusedTokens, 2, 'the last token is run again for its logits');
    assert.deepEqual(same.tokens, other.tokens);
    assert.equal(device.held.length, device.position);
  });

  test(`depth ${depth}: end token, stop tokens, ignoreEos`, async () => {
    const script = (held) => [7, 8, 0, 9, 9, 9, 9, 9][held.length - 2];
    const end = await makeEngine({ depth, script }).engine.generate({ tokens: [1, 2] });
    assert.deepEqual([end.tokens, end.finishReason, end.stopToken], [[7, 8], 'eos', 0]);
    const stop = await makeEngine({ depth, script }).engine.generate({ tokens: [1, 2], stopTokens: [8] });
    assert.deepEqual([stop.tokens, stop.finishReason, stop.stopToken], [[7], 'stop_token', 8]);
    const { engine, device } = makeEngine({ depth, script });
    const through = await engine.generate({ tokens: [1, 2], ignoreEos: true, maxTokens: 5 });
    assert.deepEqual(through.tokens, [7, 8, 0, 9, 9]);
    assert.ok(device.held.length <= 7 && device.held.length >= 6);
  });

  test(`depth ${depth}: stop texts over token boundaries, held back until certain`, async () => {
    const text = 'hello world';
    const ids = Array.from(text, (c) => '.abcdefghijklmnopqrstuvwxyz '.indexOf(c));
    const script = (held) => ids[held.length - 1] ?? 0;
    const pieces = [];
    const { engine } = makeEngine({ depth, script });
    const result = await engine.generate({ tokens: [1], stop: ['wox', 'o w'] }, { onToken: (e) => pieces.push(e.text) });
    assert.deepEqual([result.text, result.finishReason, result.stopString], ['hell', 'stop_string', 'o w']);
    assert.ok(!pieces.join('').includes('o'));
    const none = await makeEngine({ depth, script }).engine.generate({ tokens: [1], stop: ['worlds', 'dx'] });
    assert.deepEqual([none.text, none.finishReason], [text, 'eos']);
  });

  test(`depth ${depth}: the context fills up`, async () => {
    const { engine, device } = makeEngine({ depth, context: 12, script: () => 3 });
    const result = await engine.generate({ tokens: [1, 2, 3, 4] });
    assert.equal(result.finishReason, 'context_full');
    assert.equal(result.tokens.length, 9, 'the last token needs no room');
    assert.ok(device.position <= 12);
    const full = await engine.generate({ tokens: Array(12).fill(1) });
    assert.deepEqual([full.tokens.length, full.finishReason], [1, 'context_full']);
    const error = await rejectsWith(engine.generate({ tokens: Array(13).fill(1) }), 'CONTEXT_FULL');
    assert.deepEqual([error.details.promptTokens, error.details.context], [13, 12]);
    assert.equal((await engine.generate({ tokens: [1], maxTokens: 2 })).tokens.length, 2, 'usable afterwards');
  });

  test(`depth ${depth}: 300 aborts at random moments leave a usable engine`, async () => {
    const { engine, device } = makeEngine({ depth, stepDelay: 1, script: (held) => 1 + held.length % 20 });
    let seed = 11;
    for (let round = 0; round < 300; ++round) {
      const abort = new AbortController();
      const wait = (seed = (seed * 48271) % 2147483647) % 12;
      if (wait === 0) abort.abort(); else setTimeout(() => abort.abort(), wait);
      const prompt = Array.from({ length: 1 + seed % 40 }, (_, i) => 1 + (i * seed) % 9);
      const request = engine.generate({ tokens: prompt, maxTokens: 60 }, { signal: abort.signal });
      await request.then(
        (result) => assert.equal(result.finishReason === 'length' || result.finishReason === 'context_full', true),
        (error) => { assert.equal(error.code, 'ABORTED'); assert.equal(error.name, 'AbortError'); });
    }
    const last = await engine.generate({ tokens: [1, 2, 3], maxTokens: 4 });
    assert.deepEqual(last.tokens, [4, 5, 6, 7]);
    assert.deepEqual(device.held.slice(0, 3), [1, 2, 3]);
    assert.equal(device.model.streams, 0);
  });
}

test('an abort answers within 200 ms although the device is in a long step', async () => {
  const { engine } = makeEngine({ stepDelay: 400 });
  const abort = new AbortController();
  const request = engine.generate({ tokens: [1, 2], maxTokens: 50 }, { signal: abort.signal });
  await new Promise((ok) => setTimeout(ok, 30));
  const began = performance.now();
  abort.abort();
  await rejectsWith(request, 'ABORTED');
  assert.ok(performance.now() - began < 100);
  assert.equal((await engine.generate({ tokens: [1], maxTokens: 1 })).tokens.length, 1);
});

test('requests run one after the other, in order; one that is aborted leaves the queue', async () => {
  const { engine } = makeEngine({ stepDelay: 1 });
  const order = [];
  const abort = new AbortController();
  const all = Array.from({ length: 20 }, (_, i) =>
    engine.generate({ tokens: [1 + i], maxTokens: 3 }, {
      signal: i === 7 ? abort.signal : undefined, onToken: () => order.push(i),
    }).then((r) => r.tokens));
  abort.abort();
  const results = await Promise.allSettled(all);
  results.forEach((result, i) =>
    i === 7 ? assert.equal(result.reason.code, 'ABORTED') : assert.deepEqual(result.value, expected([1 + i], 3)));
  assert.deepEqual(order, [...order].sort((a, b) => a - b), 'never interleaved');
  assert.ok(!order.includes(7));
});

test('disposal: running and waiting requests end, a second one is fine, other calls are typed errors', async () => {
  const { engine, device } = makeEngine({ stepDelay: 2 });
  const requests = [1, 2, 3].map((t) => engine.generate({ tokens: [t], maxTokens: 60, ignoreEos: true }));
  requests.forEach((request) => request.catch(() => {}));
  await new Promise((ok) => setTimeout(ok, 10));
  const disposal = engine.dispose();
  for (const request of requests) await rejectsWith(request, 'DISPOSED');
  await disposal;
  assert.ok(device.disposed);
  await engine.dispose();
  for (const call of [
    () => engine.generate({ tokens: [1] }), () => engine.tokenize('a'), () => engine.detokenize([1]), () => engine.stats(),
    () => engine.logits([1]), () => engine.reset(), () => engine.applyChatTemplate([{ role: 'user', content: 'a' }]),
    () => engine.chat.completions.create({ messages: [{ role: 'user', content: 'a' }] }),
  ]) await rejectsWith(call(), 'DISPOSED');
});

test('a lost device is built again once, and the request goes on where it was', async () => {
  const lost = new SinterError('DEVICE_LOST', 'gone');
  for (const depth of [1, 3]) for (const at of [2, 5, 9]) {
    let rebuilds = 0;
    const breaking = (held) => { if (held.length >= at) throw lost; };
    const device = new FakeDevice({ depth, script: breaking });
    const { engine } = makeEngine({ device, rebuild: async () => { ++rebuilds; return { device: new FakeDevice({ depth }), reason: 'again' }; } });
    const events = [];
    const result = await engine.generate({ tokens: [1, 2], maxTokens: 9 }, { onToken: (e) => events.push(e.token) });
    assert.deepEqual(result.tokens, expected([1, 2], 9), `depth ${depth}, lost at ${at}`);
    assert.deepEqual(events, result.tokens, 'no token comes twice');
    assert.equal(rebuilds, 1);
    assert.ok(device.disposed);
    assert.equal((await engine.stats()).rebuilds, 1);
  }
  // At each of its first 100 calls, of prompt and reply alike.
  const prompt = Array.from({ length: 50 }, (_, i) => 1 + i % 7);
  for (let at = 1; at <= 100; ++at) {
    const device = new FakeDevice({ depth: 1 + 2 * (at % 2), context: 512, script: (held) => 1 + held.length % 20 });
    let calls = 0;
    for (const name of ['prefill', 'next']) {
      const call = device[name].bind(device);
      device[name] = async (...args) => { if (++calls >= at) throw lost; return call(...args); };
    }
    const again = async () => ({ device: new FakeDevice({ context: 512, script: device.script }), reason: 'again' });
    const { engine } = makeEngine({ device, rebuild: again });
    const { tokens } = await engine.generate({ tokens: prompt, maxTokens: 120 });
    assert.deepEqual(tokens, Array.from({ length: 120 }, (_, i) => 1 + (50 + i) % 20), `lost at call ${at}`);
  }
  const broken = () => new FakeDevice({ script: () => { throw lost; } });
  const { engine } = makeEngine({ device: broken(), rebuild: async () => ({ device: broken(), reason: 'again' }) });
  await rejectsWith(engine.generate({ tokens: [1] }), 'DEVICE_LOST');
});

test('a device that fails otherwise gives its error, and is not built again', async () => {
  const { engine } = makeEngine({ script: (held) => { if (held.length === 3) throw new SinterError('BAD_LOGITS', 'NaN'); } });
  await rejectsWith(engine.generate({ tokens: [1, 2], maxTokens: 5 }), 'BAD_LOGITS');
  assert.equal((await engine.generate({ tokens: [1], maxTokens: 1 })).tokens.length, 1);
});

test('a listener that throws ends its own request', async () => {
  const { engine } = makeEngine({});
  const request = engine.generate({ tokens: [1], maxTokens: 5 }, { onToken: () => { throw new Error('mine'); } });
  assert.match((await rejectsWith(request, 'INTERNAL')).message, /mine/);
  assert.equal((await engine.generate({ tokens: [1], maxTokens: 1 })).tokens.length, 1);
});

test('every wrong value is an error with the field\'s name', async () => {
  const { engine } = makeEngine({});
  const cases = [
    [{}, 'prompt'], [{ prompt: 'a', tokens: [1] }, 'tokens'], [{ prompt: 5 }, 'prompt'], [{ messages: 'x' }, 'messages'],
    [{ tokens: [] }, 'prompt'], [{ tokens: [28] }, 'tokens[0]'], [{ tokens: [1, -1] }, 'tokens[1]'], [{ tokens: [1.5] }, 'tokens[0]'],
    [{ tokens: [1], maxTokens: 0 }, 'maxTokens'], [{ tokens: [1], maxTokens: 1.5 }, 'maxTokens'],
    [{ tokens: [1], temperature: -1 }, 'temperature'], [{ tokens: [1], temperature: NaN }, 'temperature'],
    [{ tokens: [1], temperature: '1' }, 'temperature'], [{ tokens: [1], topP: 0 }, 'topP'], [{ tokens: [1], topP: 1.1 }, 'topP'],
    [{ tokens: [1], topK: -1 }, 'topK'], [{ tokens: [1], minP: 1 }, 'minP'], [{ tokens: [1], repeatPenalty: 0 }, 'repeatPenalty'],
    [{ tokens: [1], presencePenalty: 1e9 }, 'presencePenalty'], [{ tokens: [1], penaltyWindow: 1e9 }, 'penaltyWindow'],
    [{ tokens: [1], seed: 0.5 }, 'seed'], [{ tokens: [1], stop: [''] }, 'stop[0]'], [{ tokens: [1], stop: 5 }, 'stop'],
    [{ tokens: [1], stop: Array(17).fill('a') }, 'stop'], [{ tokens: [1], stop: 'x'.repeat(257) }, 'stop'],
    [{ tokens: [1], logitBias: [1] }, 'logitBias'], [{ tokens: [1], logitBias: 'x' }, 'logitBias'], [{ tokens: [1], logitBias: { 28: 1 } }, 'logitBias.28'],
    [{ tokens: [1], logitBias: { '-1': 1 } }, 'logitBias.-1'], [{ tokens: [1], logitBias: { '01': 1 } }, 'logitBias.01'],
    [{ tokens: [1], logitBias: { 5: 100.5 } }, 'logitBias.5'], [{ tokens: [1], logitBias: { 5: '1' } }, 'logitBias.5'],
    [{ tokens: [1], logitBias: Object.fromEntries(Array.from({ length: 301 }, (_, i) => [i, 1])) }, 'logitBias'],
    [{ tokens: [1], stopTokens: [99] }, 'stopTokens[0]'], [{ tokens: [1], logprobs: -1 }, 'logprobs'],
  ];
  for (const [request, param] of cases) {
    const error = await rejectsWith(engine.generate(request), 'INVALID_ARGUMENT');
    assert.equal(error.details.param, param, JSON.stringify(request));
  }
});

test('settings of the bundle are the defaults; the request\'s win', async () => {
  const { engine, device } = makeEngine({ sampling: { temperature: 0.7, topP: 0.9 } });
  await engine.generate({ tokens: [1], maxTokens: 1 });
  assert.deepEqual([device.settings.temperature, device.settings.topP, device.settings.topK], [0.7, 0.9, 0]);
  await engine.generate({ tokens: [1], maxTokens: 1, temperature: 0, seed: -1 });
  assert.deepEqual([device.settings.temperature, device.settings.seed], [0, 2n ** 64n - 1n]);
  assert.deepEqual(device.settings.logitBias, []);
  await engine.generate({ tokens: [1], maxTokens: 1, logitBias: { 3: -100, 27: 1.5 } });
  assert.deepEqual(device.settings.logitBias, [[3, -100], [27, 1.5]]);
});

test('logprobs: the chosen token\'s and the likeliest', async () => {
  const { engine } = makeEngine({ depth: 3 });
  const { logprobs } = await engine.generate({ tokens: [1, 2], maxTokens: 2, logprobs: 2 });
  assert.equal(logprobs.length, 2);
  const exact = 5 - Math.log(Math.exp(5) + 27);
  assert.ok(Math.abs(logprobs[0].logprob.logprob - exact) < 1e-6);
  assert.equal(logprobs[0].topLogprobs.length, 2);
  assert.equal(logprobs[0].topLogprobs[0].token, logprobs[0].token);
});

test('logits: every position, both ways, and the context\'s limit', async () => {
  const { engine } = makeEngine({ context: 40 });
  const tokens = Array.from({ length: 40 }, (_, i) => 1 + i % 5);
  const all = await engine.logits(tokens);
  assert.equal(all.length, 40 * 28);
  assert.deepEqual(await engine.logits(tokens, { stepwise: true }), all);
  await rejectsWith(engine.logits(Array(41).fill(1)), 'CONTEXT_FULL');
  await rejectsWith(engine.logits([]), 'CONTEXT_FULL');
});

test('messages without a chat template', async () => {
  const engine = new LocalEngine({ device: new FakeDevice(), reason: 'a test', info: { ...info, hasChatTemplate: false }, load, sampling: {} });
  await rejectsWith(engine.generate({ messages: [{ role: 'user', content: 'a' }] }), 'NO_CHAT_TEMPLATE');
});

test('nothing was left unhandled', async () => {
  await new Promise((ok) => setTimeout(ok, 50));
  assert.deepEqual(unhandled, []);
});
