// Chat completions: OpenAI's fields, strict checks with the path, streams that end well. D4 row 55 for the engine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeDevice, info, load } from './fake-device.mjs';
import { lib, rejectsWith } from './support.mjs';

const { LocalEngine } = await lib('engine');
const { LlmInference } = await lib('mediapipe');
void LlmInference;

const say = (text) => (held, device) => {
  const ids = device.model.tokenize(text);
  return ids[held.length - device.promptLength] ?? 0;
};
function makeEngine(text = 'hello there', options = {}) {
  const device = new FakeDevice({ context: 128, script: say(text), ...options });
  const begin = device.begin.bind(device);
  device.begin = (settings, history, logits) => { device.promptLength = history.length; begin(settings, history, logits); };
  return new LocalEngine({ device, reason: 'a test', info, load, sampling: {} });
}
const user = (content) => [{ role: 'user', content }];

test('a completion', async () => {
  const engine = makeEngine();
  const reply = await engine.chat.completions.create({ messages: user('hi'), max_tokens: 50 });
  assert.equal(reply.object, 'chat.completion');
  assert.equal(reply.model, 'fake');
  assert.deepEqual(reply.choices, [{
    index: 0, message: { role: 'assistant', content: 'hello there', refusal: null }, logprobs: null, finish_reason: 'stop',
  }]);
  assert.equal(reply.usage.prompt_tokens, 4);
  assert.equal(reply.usage.completion_tokens, 11);
  assert.equal(reply.usage.total_tokens, 15);
  for (const value of Object.values(reply.usage.timings)) assert.ok(Number.isFinite(value));
});

test('a stream: role, pieces, finish reason, usage', async () => {
  const stream = await makeEngine().chat.completions.create({
    messages: user('hi'), stream: true, stream_options: { include_usage: true }, max_completion_tokens: 5,
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(new Set(chunks.map((c) => c.id)).size, 1);
  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? '').join(''), 'hello');
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'length');
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.completion_tokens, 5);
});

test('stop, logprobs', async () => {
  const reply = await makeEngine().chat.completions.create({
    messages: user('hi'), stop: 'the', logprobs: true, top_logprobs: 3,
  });
  assert.equal(reply.choices[0].message.content, 'hello ');
  assert.equal(reply.choices[0].finish_reason, 'stop');
  const [first] = reply.choices[0].logprobs.content;
  assert.deepEqual([first.token, first.bytes, first.top_logprobs.length], ['h', [104], 3]);
});

test('leaving the loop and abort() end the request; the signal rejects', async () => {
  const engine = makeEngine('a'.repeat(100), { stepDelay: 1 });
  let seen = 0;
  for await (const chunk of await engine.chat.completions.create({ messages: user('x'), stream: true }))
    if (chunk.choices[0].delta.content && ++seen === 3) break;
  const stream = await engine.chat.completions.create({ messages: user('x'), stream: true });
  await rejectsWith((async () => { for await (const chunk of stream) if (chunk.choices[0].delta.content) stream.abort(); })(), 'ABORTED');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 10);
  await rejectsWith(engine.chat.completions.create({ messages: user('x') }, { signal: abort.signal }), 'ABORTED');
  assert.equal((await engine.stats()).generatedTokens < 200, true);
});

test('an error within a stream is thrown by the loop', async () => {
  const engine = makeEngine();
  const stream = await engine.chat.completions.create({ messages: user('x'.repeat(200)), stream: true });
  await rejectsWith((async () => { for await (const chunk of stream) void chunk; })(), 'CONTEXT_FULL');
});

test('parts of text are joined; other contents are refused with their path', async () => {
  const engine = makeEngine();
  const reply = await engine.chat.completions.create({
    messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }],
  });
  assert.equal(reply.usage.prompt_tokens, 4);
  const image = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] };
  assert.equal((await rejectsWith(engine.chat.completions.create(image), 'INVALID_REQUEST')).details.param,
    'messages[0].content[0].type');
});

test('logit_bias reaches the device', async () => {
  const engine = makeEngine();
  await engine.chat.completions.create({ messages: user('hi'), logit_bias: { 7: -100, 12: 3.5 } });
  assert.deepEqual(engine.device.settings.logitBias, [[7, -100], [12, 3.5]]);
});

test('tools are for templates that know them; tool_choice "none" leaves them out', async () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const engine = makeEngine();
  const asked = async (more) => (await engine.chat.completions.create({ messages: user('hi'), tools, max_tokens: 1, ...more })).usage.prompt_tokens;
  const error = await rejectsWith(asked({}), 'INVALID_REQUEST');
  assert.match(error.message, /template knows no tools/);
  const without = await asked({ tool_choice: 'none' });
  engine.device.model.knowsTools = true;
  assert.equal(await asked({ tool_choice: 'none' }), without);
  assert.ok((await asked({ tool_choice: 'auto' })) > without);
});

test('wrong requests are errors with the path', async () => {
  const engine = makeEngine();
  const ok = { messages: user('a') };
  const cases = [
    [{}, 'messages'], [{ messages: [] }, 'messages'], [{ messages: {} }, 'messages'], [{ messages: [5] }, 'messages[0]'],
    [{ messages: [{ content: 'a' }] }, 'messages[0].role'], [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ ...ok, temprature: 1 }, 'temprature'], [{ ...ok, temperature: 3 }, 'temperature'], [{ ...ok, temperature: '1' }, 'temperature'],
    [{ ...ok, top_p: 0 }, 'top_p'], [{ ...ok, top_p: 2 }, 'top_p'], [{ ...ok, max_tokens: 0 }, 'max_tokens'],
    [{ ...ok, max_tokens: -5 }, 'max_tokens'], [{ ...ok, max_tokens: 1.5 }, 'max_tokens'],
    [{ ...ok, frequency_penalty: 3 }, 'frequency_penalty'], [{ ...ok, presence_penalty: -3 }, 'presence_penalty'],
    [{ ...ok, seed: 'x' }, 'seed'], [{ ...ok, stop: [1] }, 'stop[0]'], [{ ...ok, n: 2 }, 'n'], [{ ...ok, stream: 'yes' }, 'stream'],
    [{ ...ok, logprobs: 1 }, 'logprobs'], [{ ...ok, top_logprobs: 2 }, 'top_logprobs'],
    [{ ...ok, logprobs: true, top_logprobs: 21 }, 'top_logprobs'], [{ ...ok, tools: {} }, 'tools'], [{ ...ok, model: 5 }, 'model'],
    [{ ...ok, stream_options: { usage: 1 } }, 'stream_options.usage'], [{ ...ok, chat_template_kwargs: [] }, 'chat_template_kwargs'],
    [{ ...ok, response_format: { type: 'json_object' } }, 'response_format.type'], [{ ...ok, response_format: 'text' }, 'response_format'],
    [{ ...ok, logit_bias: [] }, 'logit_bias'], [{ ...ok, logit_bias: { 28: 1 } }, 'logit_bias.28'], [{ ...ok, logit_bias: { 5: 101 } }, 'logit_bias.5'],
    [{ ...ok, logit_bias: { 5: null } }, 'logit_bias.5'], [{ ...ok, logit_bias: { hello: 1 } }, 'logit_bias.hello'],
    [{ ...ok, tool_choice: 'required' }, 'tool_choice'], [{ ...ok, tool_choice: { type: 'function' } }, 'tool_choice'],
    [{ ...ok, tools: [{ type: 'function' }] }, 'tools'], [{ ...ok, functions: [] }, 'functions'], [{ ...ok, parallel_tool_calls: true }, 'parallel_tool_calls'],
    [{ ...ok, stream_options: { include_usage: 1 } }, 'stream_options.include_usage'], [{ ...ok, modalities: ['text'] }, 'modalities'],
  ];
  for (const [request, param] of cases) {
    const error = await rejectsWith(engine.chat.completions.create(request), 'INVALID_REQUEST');
    assert.equal(error.details.param, param, JSON.stringify(request));
    assert.ok(error.message.includes(param.split('.').at(-1).replace(/\[\d+\]$/, '')), error.message);
  }
  await rejectsWith(engine.chat.completions.create(null), 'INVALID_REQUEST');
  const neutral = {
    temperature: null, stop: null, logit_bias: null, n: 1, tools: [], tool_choice: 'auto', response_format: { type: 'text' }, stream_options: null,
  };
  assert.equal((await engine.chat.completions.create({ ...ok, ...neutral })).choices.length, 1);
});
