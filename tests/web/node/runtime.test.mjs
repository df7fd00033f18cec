// The browser's runtime by its exports (runtime/web/native/exports.h): what it imports, errors with their texts, the plan's
// table, streaming SHA-256, tokenizer, chat templates and samplers, workers that come late, leave, or never come.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { runtimeFile, sinter, temporaryFolder } from './bundles.mjs';
import { Runtime } from './runtime.mjs';
import { manifestText } from '../support/manifest.mjs';
import { source } from '../support/skip.mjs';

const files = { single: runtimeFile(), threads: runtimeFile(true) };
const bundle = path.join(temporaryFolder(), 'tales');
sinter('compile', path.join(source, 'examples/tales/model'), '--target', 'wasm', '-q', 'q4', '-o', bundle, '--quiet');
const PROMPT = [1, 5, 9, 20, 33, 40];

function reply(model, count = 12) {
  const session = model.session();
  session.prefill(PROMPT);
  const tokens = Array.from({ length: count }, () => {
    const token = session.greedy();
    session.decode(token);
    return token;
  });
  session.destroy();
  return tokens;
}

test('imports two clocks, and with threads the memory; stays small', () => {
  const names = (file) => WebAssembly.Module.imports(new WebAssembly.Module(fs.readFileSync(file)))
    .map((entry) => `${entry.module}.${entry.name}`).sort();
  assert.deepEqual(names(files.single), ['env.sinter_local_time', 'env.sinter_now']);
  assert.deepEqual(names(files.threads), ['env.memory', 'env.sinter_local_time', 'env.sinter_now']);
  for (const file of Object.values(files)) {
    const bytes = zlib.gzipSync(fs.readFileSync(file), { level: 9 }).length;
    assert.ok(bytes <= 120 * 1024, `${path.basename(file)} has ${bytes} bytes compressed`);
  }
});

test('every function of exports.h and sinter.h is there, but for those that open folders', () => {
  const declared = ['runtime/include/sinter.h', 'runtime/web/native/exports.h'].flatMap((header) =>
    [...fs.readFileSync(path.join(source, header), 'utf8').matchAll(/\b(sinter_[a-z0-9_]+)\(/g)].map((match) => match[1]));
  const folders = ['sinter_model_open', 'sinter_model_open_static', 'sinter_bundle_verify'];
  const { exports } = new Runtime(files.single);
  for (const name of new Set(declared))
    assert.equal(typeof exports[name], folders.includes(name) ? 'undefined' : 'function', name);
});

test('the same reply with one thread and with workers, again and again', async () => {
  const single = new Runtime(files.single).open(bundle, { variant: 'simd128' });
  const expected = reply(single);
  assert.deepEqual(reply(single), expected);
  await single.close();
  const runtime = new Runtime(files.threads, { threads: true });
  for (let i = 0; i < 3; ++i) {
    const model = runtime.open(bundle, { variant: 'simd128', threads: 3 });
    assert.deepEqual(reply(model), expected);
    await model.close();
  }
});

test('a reply does not depend on what the memory held before', async () => {
  const clean = new Runtime(files.single).open(bundle, { variant: 'simd128' });
  const expected = reply(clean);
  await clean.close();
  const runtime = new Runtime(files.single);
  const block = 64 << 20; // more than weights, cache, activations and scratch
  const at = runtime.scope(() => {
    const begin = runtime.alloc(block);
    runtime.u8.fill(0xff, begin, begin + block); // NaN as f32 and f16
    return begin;
  });
  const size = runtime.memory.buffer.byteLength;
  const model = runtime.open(bundle, { variant: 'simd128' });
  const weights = runtime.x.sinter_web_weights(model.handle) >>> 0;
  assert.ok(weights >= at && weights < at + block, 'the block is used again');
  assert.deepEqual(reply(model), expected);
  assert.equal(runtime.memory.buffer.byteLength, size, 'nothing came from fresh memory');
  await model.close();
});

/** The bundle as one of `shift` more bytes of weights, which come first: damage for Model. */
function shifted(shift) {
  const model = new Runtime(files.single).open(bundle, { variant: null });
  const { weights, entries, weightBytes } = model.table;
  const bound = entries.flatMap((entry) => entry.dispatches).flatMap((dispatch) => dispatch.bindings).filter((range) => range.space === 0);
  const ranges = new Set([...weights.map((weight) => weight.range), ...bound].map(({ offset, bytes }) => `${offset} ${bytes}`));
  const plan = fs.readFileSync(path.join(bundle, 'plan.fb'));
  let moved = 0, sizes = 0;
  for (let at = 0; at + 8 <= plan.length; at += 8) {
    const value = Number(plan.readBigUInt64LE(at));
    // A Range of the schema: offset, bytes, space and seven zero bytes.
    const isRange = at + 24 <= plan.length && plan.readBigUInt64LE(at + 16) === 0n && ranges.has(`${value} ${plan.readBigUInt64LE(at + 8)}`);
    if (isRange) ++moved;
    else if (value === weightBytes) ++sizes;
    else continue;
    plan.writeBigUInt64LE(BigInt(value + shift), at);
  }
  assert.deepEqual([moved, sizes], [weights.length + bound.length, 1]);
  const sha256 = crypto.createHash('sha256').update(plan).digest();
  const manifest = structuredClone(model.manifest);
  const total = weightBytes + shift, shard = model.table.shardBytes;
  manifest.bytes.weights = total;
  manifest.files = manifest.files.filter((file) => !file.path.startsWith('weights/'))
    .map((file) => (file.path === 'plan.fb' ? { ...file, sha256: sha256.toString('hex') } : file));
  for (let i = 0; i * shard < total; ++i)
    manifest.files.push({ path: `weights/${String(i).padStart(5, '0')}.bin`, size: Math.min(shard, total - i * shard), sha256: '0'.repeat(64) });
  const old = crypto.createHash('sha256').update(fs.readFileSync(path.join(bundle, 'plan.fb'))).digest();
  const stamp = (bytes) => {
    const at = Buffer.from(bytes).indexOf(old);
    assert.ok(at > 0, 'the kernels carry the hash of their plan');
    bytes.set(sha256, at);
  };
  return { 'plan.fb': () => plan, 'manifest.json': () => Buffer.from(manifestText(manifest)), stamp };
}

test('weights of more than 2 GiB: the last ones, cache and activations lie beyond it', async () => {
  const single = new Runtime(files.single).open(bundle, { variant: 'simd128' });
  const expected = reply(single);
  await single.close();
  // Pages that nobody touches take no memory.
  const shift = 9 * 2 ** 28; // 2.25 GiB
  const damage = shifted(shift);
  for (const threads of [1, 2]) {
    const runtime = new Runtime(threads > 1 ? files.threads : files.single, { threads: threads > 1 });
    for (let again = 0; again < 2; ++again) {
      const model = runtime.open(bundle, { variant: 'simd128', threads, damage, weightsAt: shift });
      assert.ok((runtime.x.sinter_web_weights(model.handle) >>> 0) + shift > 2 ** 31);
      assert.deepEqual(reply(model), expected, `${threads} threads`);
      await model.close();
    }
    const held = runtime.memory.buffer.byteLength;
    assert.ok(held > shift && held < shift + (256 << 20), `${held} bytes: the room was used again`);
  }
  // Two of them are too many for 4 GiB: an error, no crash, and one still works.
  const runtime = new Runtime(files.single);
  const model = runtime.open(bundle, { variant: 'simd128', damage, weightsAt: shift });
  assert.throws(() => runtime.open(bundle, { variant: 'simd128', damage, weightsAt: shift }), /OUT_OF_MEMORY: .*bytes of weights/);
  assert.deepEqual(reply(model), expected);
  await model.close();
});

test('workers may never come', () => {
  const runtime = new Runtime(files.threads, { threads: true });
  const model = runtime.open(bundle, { variant: 'simd128', threads: 4, workers: false });
  assert.equal(reply(model).length, 12);
  runtime.check(runtime.x.sinter_model_close(model.handle), 'close');
  assert.equal(runtime.x.sinter_web_worker(1), 0, 'nobody to serve');
});

test('errors say what is wrong', () => {
  const runtime = new Runtime(files.single);
  const opening = (options) => () => runtime.open(bundle, { variant: null, ...options });
  const flip = (bytes) => (bytes[bytes.length >> 1] ^= 1, bytes);
  assert.throws(opening({ damage: { 'plan.fb': flip } }), /CORRUPT: .*plan\.fb.*SHA-256/);
  assert.throws(opening({ damage: { 'tokenizer.bin': flip } }), /CORRUPT: .*tokenizer\.bin/);
  assert.throws(opening({ damage: { 'plan.fb': (b) => b.subarray(0, 100) } }), /CORRUPT: .*has 100 bytes, .* says \d+/);
  assert.throws(opening({ damage: { 'manifest.json': () => Buffer.from('{') } }), /CORRUPT: .*manifest/);
  assert.throws(opening({ plan: 'plan.webgpu.fb', missing: ['plan.webgpu.fb'] }), /plan\.webgpu\.fb/);
  assert.throws(() => runtime.open(bundle, { variant: 'simd128', threads: 2, file: 'simd128' }),
    /UNSUPPORTED: .*sinter-threads\.wasm/);
  // The kernels of another plan.
  const model = runtime.open(bundle, { variant: 'simd128' });
  const stamp = model.stamp.slice();
  stamp[20] ^= 1;
  const other = runtime.scope(() =>
    runtime.x.sinter_web_kernels(runtime.put(stamp), 48, runtime.put('simd128'), model.first));
  assert.throws(() => model.openAgain(other), /VERSION_MISMATCH: .*another plan/);
  assert.equal(runtime.x.sinter_web_kernels(runtime.put(stamp), 47, runtime.put('x'), 0), 0);
  stamp[0] ^= 1;
  assert.equal(runtime.x.sinter_web_kernels(runtime.put(stamp), 48, runtime.put('x'), 0), 0);
  assert.equal(runtime.x.sinter_model_close(12345), 2, 'a handle that is none');
});

test('the table of the plan is what the manifest says', () => {
  const runtime = new Runtime(files.single);
  const model = runtime.open(bundle, { variant: null });
  const plan = model.table, { manifest } = model;
  assert.equal(plan.magic, 0x54504e53);
  assert.equal(plan.version, 1);
  assert.equal(plan.context, manifest.model.context);
  assert.equal(plan.vocabSize, manifest.model.vocab_size);
  assert.equal(plan.weightBytes, manifest.bytes.weights);
  assert.equal(plan.arenaBytes, manifest.bytes.arena);
  assert.equal(plan.stateBytes, manifest.bytes.state);
  assert.equal(plan.shardBytes, 25165824);
  const sizes = [plan.weightBytes, plan.arenaBytes, plan.stateBytes];
  const inside = (range) => range.bytes > 0 && range.offset + range.bytes <= sizes[range.space];
  assert.deepEqual(plan.ios.map((io) => io.name).sort(), ['hidden', 'logits', 'next_token', 'tokens']);
  for (const { range } of [...plan.ios, ...plan.weights, ...plan.states]) assert.ok(inside(range));
  assert.deepEqual(plan.entries.map((entry) => entry.name), ['decode', 'greedy', 'head', 'prefill']);
  const dispatches = plan.entries.flatMap((entry) => entry.dispatches);
  assert.equal(dispatches.length, plan.dispatches);
  const bindings = dispatches.flatMap((dispatch) => dispatch.bindings);
  assert.equal(bindings.length, plan.bindings);
  assert.ok(bindings.every(inside));
  assert.equal(Math.max(...bindings.map((binding) => binding.bytes)), plan.largestBinding);
  for (const dispatch of dispatches) {
    assert.ok(dispatch.kernel < plan.kernels.length && dispatch.items > 0);
    for (const { space, offset, bytes } of dispatch.bindings)
      assert.ok(space !== 0 || plan.weights.some((weight) => offset >= weight.range.offset &&
        offset + bytes <= weight.range.offset + weight.range.bytes), 'a weight binding lies in one weight');
  }
  assert.match(plan.entries[0].dispatches[1].layer, /^layers\.0/);
  assert.match(plan.kernels.map((kernel) => kernel.family).join(' '), /linear_gemv/);
});

test('SHA-256 in pieces', () => {
  const runtime = new Runtime(files.single);
  const data = crypto.randomBytes(100000);
  const at = runtime.put(data), digest = runtime.alloc(32);
  const hash = runtime.x.sinter_web_sha256_begin();
  for (let i = 0; i < data.length; i += 7777)
    runtime.x.sinter_web_sha256_update(hash, at + i, Math.min(7777, data.length - i));
  runtime.x.sinter_web_sha256_finish(hash, digest);
  assert.equal(Buffer.from(runtime.u8.slice(digest, digest + 32)).toString('hex'),
    crypto.createHash('sha256').update(data).digest('hex'));
});

test('text without a device', () => {
  const runtime = new Runtime(files.single);
  const model = runtime.open(bundle, { variant: null });
  const text = 'Once upon a time, in a café.';
  const bytes = Buffer.from(text);
  const tokens = runtime.alloc(400), count = runtime.alloc(4);
  runtime.check(runtime.x.sinter_tokenize(model.handle, runtime.put(bytes), bytes.length, 0, tokens, 100, count,
    runtime.error()), 'tokenize');
  const ids = Array.from(runtime.i32.slice(tokens >>> 2, (tokens >>> 2) + runtime.u32[count >>> 2]));
  assert.deepEqual(ids, JSON.parse(sinter('tokenize', bundle, '-p', text, '--no-special')));
  const out = runtime.alloc(200);
  runtime.check(runtime.x.sinter_detokenize(model.handle, tokens, ids.length, 0, out, 200, count, runtime.error()),
    'detokenize');
  assert.equal(runtime.text(out, runtime.u32[count >>> 2]), text);
});
