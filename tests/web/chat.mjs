// The repository's own model through the whole library in Node: text equals the native program's, chat, several turns,
// facades, threads, stop, logits, flipped bits (D4 row 32). On wasm with each variant; what graphics add is in gpu_faults.mjs and agreement.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { flipping, largestDifference, library, scratch, tales } from './support/models.mjs';
import { compileSite } from './support/site.mjs';
import { libraryModules, need, tool } from './support/skip.mjs';

const bundle = compileSite();
const { load, SinterError } = await library(bundle);
const native = path.join(scratch, 'native');
const sinter = (...args) => {
  const { status, stdout, stderr } = spawnSync(tool('sinter'), args.map(String), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
};
sinter('compile', tales, '--target', 'cpu', '-q', 'q4', '--variants', 'x86-64-v2', '-o', native, '--quiet');

const progress = [];
const engine = await load(bundle, { device: 'wasm', threads: 1, variant: 'simd128', onProgress: (event) => progress.push(event) });
const prompt = 'Once upon a time';

test('progress ends with every byte counted once', () => {
  const last = progress.at(-1);
  assert.deepEqual([last.stage, last.loadedBytes, last.verifiedBytes], ['ready', last.totalBytes, last.totalBytes]);
  assert.equal(last.uploadedBytes, engine.info.bytes.weights);
});

test('greedy and drawn text are the native program\'s', async () => {
  const reply = (flags) => JSON.parse(sinter('run', native, '-p', prompt, '-n', 60, '--json', ...flags)).text;
  const greedy = await engine.generate({ prompt, maxTokens: 60, temperature: 0 });
  assert.equal(greedy.text, reply(['--temp', 0]));
  assert.ok(greedy.text.length > 100);
  const drawn = await engine.generate({ prompt, maxTokens: 60, temperature: 0.6, topP: 0.9, topK: 50, seed: 3, repeatPenalty: 1.1 });
  assert.equal(drawn.text, reply(['--temp', 0.6, '--top-p', 0.9, '--top-k', 50, '--seed', 3, '--repeat-penalty', 1.1]));
  assert.equal(engine.info.device, 'wasm');
  // The likeliest first token forbidden, another one nearly forced.
  const [first] = greedy.tokens;
  const biased = await engine.generate({ prompt, maxTokens: 60, temperature: 0, logitBias: { [first]: -100, 300: 3 } });
  assert.equal(biased.text, reply(['--temp', 0, '--logit-bias', `${first}=-100`, '--logit-bias', '300=3']));
  assert.ok(!biased.tokens.includes(first));
  const forced = await engine.chat.completions.create({ messages: [{ role: 'user', content: 'x' }], max_tokens: 5, logit_bias: { 300: 100 } });
  assert.equal(forced.choices[0].message.content, await engine.detokenize(Array(5).fill(300)));
});

test('threads compute the same', async () => {
  const threaded = await load(bundle, { device: 'wasm', threads: 2, variant: 'simd128' });
  assert.equal(threaded.info.threads, 2, threaded.info.reason);
  const tokens = await engine.tokenize(prompt);
  assert.equal(largestDifference(await threaded.logits(tokens), await engine.logits(tokens)), 0);
  await threaded.dispose();
});

test('addresses above 2 GiB: all that the library allocates', async () => {
  const { Runtime } = await library(libraryModules, 'runtime.js');
  const apart = await library(libraryModules);
  const { create } = Runtime;
  Runtime.create = async (...all) => {
    const runtime = await create.apply(Runtime, all);
    runtime.memory.grow(2 ** 31 / 65536); // untouched pages before everything else
    return runtime;
  };
  try {
    const high = await apart.load(bundle, { device: 'wasm', threads: 1, variant: 'simd128' });
    const request = { prompt, maxTokens: 30, temperature: 0.7, seed: 4, repeatPenalty: 1.1, logitBias: { 300: 1 }, logprobs: 2 };
    assert.deepEqual((await high.generate(request)).logprobs, (await engine.generate(request)).logprobs);
    const messages = [{ role: 'user', content: 'A story about a cat.' }];
    assert.deepEqual(await high.tokenizeChat(messages), await engine.tokenizeChat(messages));
    assert.ok((await high.stats()).wasmBytes > 2 ** 31);
    await high.dispose();
  } finally {
    Runtime.create = create;
  }
});

test('a conversation: the second turn computes only what is new', async () => {
  const messages = [{ role: 'user', content: 'Tell me a story about a cat.' }];
  const first = await engine.chat.completions.create({ messages, max_tokens: 40, temperature: 0 });
  const { content } = first.choices[0].message;
  assert.ok(content.length > 20);
  messages.push({ role: 'assistant', content }, { role: 'user', content: 'And a dog?' });
  const second = await engine.chat.completions.create({ messages, max_tokens: 20, temperature: 0 });
  assert.ok(second.usage.prompt_tokens_details.cached_tokens > first.usage.prompt_tokens, 'the first turn was reused');
  const text = await engine.applyChatTemplate(messages);
  assert.match(text, /And a dog\?/);
  assert.equal((await engine.tokenizeChat(messages)).length, second.usage.prompt_tokens);
});

test('streams, stop texts, the finish reason', async () => {
  const whole = await engine.generate({ prompt, maxTokens: 60, temperature: 0 });
  const stop = whole.text.split(' ')[6];
  let text = '';
  const result = await engine.generate({ prompt, maxTokens: 60, temperature: 0, stop: [stop] }, { onToken: (e) => { text += e.text; } });
  assert.equal(result.finishReason, 'stop_string');
  assert.equal(text, result.text);
  assert.equal(result.text, whole.text.slice(0, whole.text.indexOf(stop)));
});

test('tokens and text', async () => {
  for (const text of ['Hello world', 'ünïcödé \u{1f98a} text', '', ' two  spaces ', 'a\u0000b'])
    assert.equal(await engine.detokenize(await engine.tokenize(text, { special: false })), text);
  const user = await engine.tokenize('<|user|>', { special: false });
  assert.ok(user.length > 1, 'names of special tokens are text');
  assert.equal((await engine.tokenize('<|user|>', { special: false, parseSpecial: true })).length, 1);
});

test('logprobs add up', async () => {
  const reply = await engine.chat.completions.create({
    messages: [{ role: 'user', content: 'A story!' }], max_tokens: 5, temperature: 0, logprobs: true, top_logprobs: 20,
  });
  for (const item of reply.choices[0].logprobs.content) {
    const sum = item.top_logprobs.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
    assert.ok(sum > 0.3 && sum <= 1.0001, `${sum}`);
    assert.equal(item.top_logprobs[0].token, item.token);
    assert.ok(Math.abs(item.top_logprobs[0].logprob - item.logprob) < 1e-6);
  }
});

test('the context: a prompt that is too long, a reply that fills it', async () => {
  const long = Array(engine.info.context + 1).fill(5);
  await assert.rejects(engine.generate({ tokens: long }), { code: 'CONTEXT_FULL' });
  const full = await engine.generate({ tokens: long.slice(0, engine.info.context - 3), ignoreEos: true });
  assert.deepEqual([full.finishReason, full.tokens.length], ['context_full', 4]);
});

test('MediaPipe\'s shape', async () => {
  const { LlmInference } = await library(bundle, 'mediapipe.js');
  const llm = await LlmInference.createFromOptions(undefined,
    { baseOptions: { modelAssetPath: bundle }, maxTokens: 40, temperature: 0, randomSeed: 1 }, { device: 'wasm', threads: 1, variant: 'simd128' });
  const size = await llm.sizeInTokens(prompt);
  const pieces = [];
  const text = await llm.generateResponse(prompt, (piece, done) => pieces.push([piece, done]));
  assert.equal(pieces.map(([piece]) => piece).join(''), text);
  assert.deepEqual(pieces.at(-1), ['', true]);
  assert.equal(text, (await engine.generate({ prompt, maxTokens: 40 - size, temperature: 0 })).text);
  const cancelled = llm.generateResponse(prompt, () => llm.cancelProcessing());
  assert.ok((await cancelled).length < text.length);
  assert.ok(llm.isIdle);
  await llm.close();
});

test('a flipped bit in any file that is read is found before it is used', async () => {
  for (const file of ['runtime/sinter.wasm', 'kernels/wasm/simd128.wasm', 'plan.fb', 'tokenizer.bin', 'weights.sha256', 'weights/00000.bin', 'golden.json'])
    await assert.rejects(load(bundle, { device: 'wasm', threads: 1, variant: 'simd128', fetch: flipping(file) }), (error) => {
      assert.deepEqual([error.code, error.details.file], ['CORRUPT', file], error.stack);
      return true;
    });
});

test('the openai package speaks to it', async () => {
  const { default: OpenAI } = await need('openai');
  // Its fetch is the engine.
  const client = new OpenAI({ apiKey: 'none', baseURL: 'http://engine/v1', fetch: async (_, { body }) => {
    const reply = await engine.chat.completions.create(JSON.parse(body));
    if (!JSON.parse(body).stream) return Response.json(reply);
    const lines = new ReadableStream({ async start(controller) {
      for await (const chunk of reply) controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`));
      controller.enqueue(new TextEncoder().encode('data: [DONE]\n\n'));
      controller.close();
    } });
    return new Response(lines, { headers: { 'content-type': 'text/event-stream' } });
  } });
  const request = { model: 'tales', messages: [{ role: 'user', content: 'A story about a bird.' }], max_tokens: 24, temperature: 0 };
  const whole = await client.chat.completions.create(request);
  let text = '';
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true }))
    text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, whole.choices[0].message.content);
  assert.ok(text.length > 10);
});

test('disposal frees the engine; later calls are typed errors', async () => {
  const running = engine.generate({ prompt, maxTokens: 400, ignoreEos: true });
  running.catch(() => {});
  await engine.dispose();
  await assert.rejects(running, { code: 'DISPOSED' });
  await assert.rejects(engine.generate({ prompt }), (error) => error instanceof SinterError && error.code === 'DISPOSED');
  await engine.dispose();
});
