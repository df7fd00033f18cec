// The small parts: manifest (D4 rows 31 to 33, 35), calls to a worker (row 58), SHA-256, random numbers, stop texts, the
// list of errors, cut weights, submits to slow adapters (row 49).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { lib, makeBundle, rejectsWith, sha256, shardBytes } from './support.mjs';

const { parseManifest, isSafePath } = await lib('manifest');
const { RpcClient, serve } = await lib('rpc');
const { SinterError, errorCodes } = await lib('errors');

const parse = (change, options) => parseManifest(makeBundle({ change, ...options }).files.get('manifest.json').toString());

test('a manifest is read', () => {
  const manifest = parse((m) => ({ ...m, version: [1, 9], surprise: {}, sampling: { temperature: 0.5, top_k: 4 } }),
    { weights: shardBytes + 1 });
  assert.deepEqual(manifest.shards.map((s) => s.size), [shardBytes, 1]);
  assert.deepEqual(manifest.targets.get('wasm').variants.map((v) => v.name), ['relaxed', 'simd128']);
  assert.deepEqual(manifest.sampling, { temperature: 0.5, topK: 4 });
});

test('a wrong manifest is an error that names the field', async () => {
  const file = { path: 'plan.fb', size: 1, sha256: 'a'.repeat(64) };
  const cases = [
    [(m) => ({ ...m, format: 'zip' }), 'format'], [(m) => ({ ...m, version: '1' }), 'version'],
    [(m) => ({ ...m, files: 5 }), 'files'], [(m) => ({ ...m, files: [] }), 'files'],
    [(m) => ({ ...m, files: [...m.files, { ...file, path: '../x' }] }), 'files[1].path'],
    [(m) => ({ ...m, files: [...m.files, { ...file, size: -1 }] }), 'files[1].size'],
    [(m) => ({ ...m, files: [...m.files, { ...file, size: 1.5 }] }), 'files[1].size'],
    [(m) => ({ ...m, files: [...m.files, { ...file, sha256: 'x' }] }), 'files[1].sha256'],
    [(m) => ({ ...m, files: [...m.files, m.files[0]] }), 'files[1].path'],
    [(m) => ({ ...m, bytes: { weights: '5' } }), 'bytes.weights'], [(m) => ({ ...m, bytes: { weights: 99 } }), 'files'],
    [(m) => ({ ...m, model: null }), 'model'], [(m) => ({ ...m, targets: { wasm: { variants: [{}] } } }), 'targets.wasm.variants[0].name'],
    [(m) => ({ ...m, sampling: { temperature: -1 } }), 'sampling.temperature'],
  ];
  for (const [change, field] of cases) {
    const error = await rejectsWith((async () => parse(change))(), 'BAD_MANIFEST');
    assert.equal(error.details.field, field, error.message);
  }
  for (const text of ['', '{', '[]', '5', 'null'])
    await rejectsWith((async () => parseManifest(text))(), 'BAD_MANIFEST');
});

test('a newer major version is refused with both numbers', async () => {
  const major = await rejectsWith((async () => parse((m) => ({ ...m, version: [2, 0] })))(), 'VERSION_MISMATCH');
  assert.match(major.message, /2\.0.*1\.x/);
  await rejectsWith((async () => parse((m) => ({ ...m, abi_version: 2 })))(), 'VERSION_MISMATCH');
});

test('a flipped bit in the manifest is a typed error', () => {
  const text = makeBundle({ weights: 2 * shardBytes }).files.get('manifest.json');
  parseManifest(text.toString());
  const codes = new Set();
  for (let bit = 0; bit < 8 * text.length; ++bit) {
    const flipped = Buffer.from(text);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    try {
      parseManifest(flipped.toString());
      assert.fail(flipped.toString('utf8', (bit >> 3) - 20, (bit >> 3) + 20));
    } catch (error) {
      assert.ok(error instanceof SinterError, error.stack);
      codes.add(error.code);
    }
  }
  assert.deepEqual([...codes].sort(), ['BAD_MANIFEST', 'CORRUPT', 'VERSION_MISMATCH']);
});

test('a manifest has its hash at the end, unless it is of version 1.0', async () => {
  const { manifest, files } = makeBundle();
  const text = files.get('manifest.json').toString();
  assert.equal(parseManifest(JSON.stringify({ ...manifest, version: [1, 0] })).name, 'toy');
  for (const bad of [JSON.stringify(manifest), `${text}\n`, JSON.stringify({ ...manifest, version: [1, 0], sha256: 'a'.repeat(64) })])
    await rejectsWith((async () => parseManifest(bad))(), 'CORRUPT');
});

test('what a WebAssembly memory cannot hold is told with numbers; 3 GiB of weights it can', async () => {
  const { checkWasmMemory } = await lib('device-wasm');
  const gib = 2 ** 30;
  const sized = (weights, state) => ({ bytes: { weights }, targets: new Map([['wasm', { arenaBytes: 2 ** 20, stateBytes: state }]]) });
  checkWasmMemory(sized(3 * gib, gib / 2));
  checkWasmMemory(sized(4 * gib - (100 << 20), 2 ** 20));
  for (const [weights, state] of [[4 * gib - (40 << 20), 2 ** 20], [3 * gib, gib], [5 * gib, 0]]) {
    const error = await rejectsWith((async () => checkWasmMemory(sized(weights, state)))(), 'LIMIT_EXCEEDED');
    assert.deepEqual([error.details.available, error.details.needed > weights + state], [4 * gib, true]);
    assert.match(error.message, /weights [345]\.\d GiB, KV cache/);
  }
});

test('paths', () => {
  for (const good of ['a', 'weights/00000.bin', 'a.b/c-d']) assert.ok(isSafePath(good), good);
  for (const bad of ['', '/a', 'a/', 'a//b', '..', 'a/../b', './a', 'a\\b', 'a:b', 'a\nb', 'x'.repeat(256)])
    assert.ok(!isSafePath(bad), bad);
});

/** A port of node:worker_threads as the web's. */
const web = (port) => ({
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  addEventListener: (_, listener) => port.on('message', (data) => listener({ data })),
});

test('calls, events, errors and aborts cross a port', async () => {
  const { port1, port2 } = new MessageChannel();
  serve(web(port2), {
    add: async ([a, b], { emit }) => { emit('adding'); return a + b; },
    fail: async () => { throw new SinterError('CONTEXT_FULL', 'full', { context: 5 }); },
    crash: async () => { throw new TypeError('oops'); },
    wait: (_, { signal }) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new SinterError('ABORTED', 'stopped')));
    }),
    floats: async () => Float32Array.of(1, 2),
  });
  const rpc = new RpcClient(web(port1));
  const events = [];
  assert.equal(await rpc.call('add', [2, 3], { onEvent: (e) => events.push(e) }), 5);
  assert.deepEqual(events, ['adding']);
  const error = await rejectsWith(rpc.call('fail', []), 'CONTEXT_FULL');
  assert.ok(error instanceof SinterError);
  assert.deepEqual(error.details, { context: 5 });
  await rejectsWith(rpc.call('crash', []), 'INTERNAL');
  await rejectsWith(rpc.call('nothing', []), 'INTERNAL');
  await rejectsWith(rpc.call('add', [() => 1]), 'INVALID_ARGUMENT');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 5);
  await rejectsWith(rpc.call('wait', [], { signal: abort.signal }), 'ABORTED');
  await rejectsWith(rpc.call('wait', [], { signal: abort.signal }), 'ABORTED');
  assert.deepEqual(await rpc.call('floats', []), Float32Array.of(1, 2));
  const waiting = rpc.call('wait', []);
  rpc.fail(new SinterError('WORKER_FAILED', 'crashed'));
  await rejectsWith(waiting, 'WORKER_FAILED');
  await rejectsWith(rpc.call('add', [1, 1]), 'WORKER_FAILED');
  port1.close();
});

test('SHA-256 in script is the browser\'s', async () => {
  const { sha256InScript, sha256: ours } = await lib('sha256');
  for (const size of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 100_003]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 31 + size);
    assert.equal(Buffer.from(sha256InScript(bytes)).toString('hex'), sha256(bytes), `${size} bytes`);
    assert.equal(await ours(bytes), sha256(bytes));
  }
});

test('random numbers are those of the native sampler', async () => {
  const { RandomNumbers } = await lib('random');
  // splitmix64 from seed 0: 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f (Steele et al.)
  const random = new RandomNumbers(0n);
  for (const word of [0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n, 0x06c45d188009454fn])
    assert.equal(random.next(), Number(word >> 11n) * 2 ** -53);
});

test('stop texts, whatever the pieces', async () => {
  const { StopMatcher } = await lib('stop');
  const text = 'the quick brown fox\u{1f98a} jumps over';
  for (const [stops, end] of [[['fox'], 16], [['zzz', 'brown'], 10], [['own f', 'fox'], 12], [['\u{1f98a} j'], 19], [['none'], text.length]])
    for (const size of [1, 2, 3, 7, 100]) {
      const matcher = new StopMatcher(stops);
      let out = '';
      for (let at = 0; at < text.length && matcher.found === undefined; at += size) out += matcher.push(text.slice(at, at + size));
      if (matcher.found === undefined) out += matcher.finish();
      assert.equal(out, text.slice(0, end), `${stops} in pieces of ${size}`);
    }
});

test('docs/web-api.md lists exactly the error codes', () => {
  const text = fs.readFileSync(path.join(process.env.SINTER_SOURCE ?? '.', 'docs/web-api.md'), 'utf8');
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((m) => m[1]);
  assert.deepEqual([...listed].sort(), [...errorCodes].sort());
});

test('weights are cut between bindings, below the limit', async () => {
  const { cutWeights } = await lib('gpu-buffers');
  const plan = (...ranges) => ({
    entries: new Map([['decode', ranges.map(([offset, bytes, space = 'weights']) => ({ bindings: [{ space, offset, bytes }] }))]]),
  });
  const four = plan([5000, 10], [0, 1000], [1000, 900], [2000, 3000], [0, 9999, 'arena'], [1000, 900]);
  assert.deepEqual(cutWeights(four, 3000), [[0, 1900], [2000, 5000], [5000, 5010]]);
  assert.deepEqual(cutWeights(four, 1e9), [[0, 5010]]);
  // A weight that is bound in parts may be cut between them, but not where it is also bound as a whole.
  assert.deepEqual(cutWeights(plan([0, 2000], [2000, 2000]), 2000), [[0, 2000], [2000, 4000]]);
  assert.deepEqual(cutWeights(plan([0, 2000], [2000, 2000], [0, 4000]), 2000), [[0, 4000]]);
});

test('a submit reads no more weights than a slow adapter may at once, and loses no dispatch', async () => {
  const { GpuProgram } = await lib('gpu-program');
  const { GpuKernels } = await lib('gpu-kernels');
  // What a device is asked for while it records: each submit as its list of dispatches.
  const submits = [];
  let current = [];
  const pass = {
    setBindGroup() {}, setPipeline({ id }) { current.push(id); }, dispatchWorkgroups() {}, end() {},
  };
  const made = () => ({});
  const device = {
    limits: { maxComputeWorkgroupsPerDimension: 65535 },
    createBuffer: made, createBindGroupLayout: made, createBindGroup: made, createShaderModule: made, createPipelineLayout: made,
    createComputePipelineAsync: async ({ label }) => ({ id: label }),
    createCommandEncoder: () => ({ beginComputePass: () => pass, finish: () => current }),
    queue: { submit: ([commands]) => { submits.push(commands); current = []; }, writeBuffer() {} },
  };
  const kernels = ['a', 'b', 'c', 'd'].map((id) => ({ id, itemsPerGroup: 1, bindings: ['read'], sharedBytes: 0, group: 16 }));
  const weights = [600, 300, 600, 5000];
  const dispatch = (kernel) => ({ kernel, items: 1, itemsPerTokens: 0, layer: '',
    bindings: [{ space: 'weights', offset: 0, bytes: weights[kernel] }] });
  const plan = { kernels: ['a', 'b', 'c', 'd'], entries: new Map([['decode', [0, 1, 2, 3].map(dispatch)]]) };
  const run = async (limit, tokenCount) => {
    submits.length = 0;
    const compiled = new GpuKernels(device, plan, { infos: kernels, sources: new Map([['', '']]), variant: 'soft' });
    const program = await GpuProgram.create(device, plan, { binding: made }, compiled, limit);
    program.run([{ entry: 'decode', slot: 0, tokenCount }]);
    return submits.map((list) => list.join(''));
  };
  assert.deepEqual(await run(Infinity, 1), ['abcd']);
  assert.deepEqual(await run(1000, 1), ['ab', 'c', 'd']); // one that is too large by itself stands alone
  assert.deepEqual(await run(1000, 8), ['a', 'b', 'c', 'd']); // several tokens cost more
});
