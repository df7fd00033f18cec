// The loader against servers that misbehave and storage that fails: D4 rows 31 to 33, 36 to 42, 60.
import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import {
  FakeStorage, cutAfter, lib, makeBundle, quick, rejectsWith, serveBundle, sha256, shardBytes,
} from './support.mjs';
import { manifestText } from '../support/manifest.mjs';

const { BundleLoader } = await lib('loader');
const { listCached, deleteCached } = await lib('cache');
const { ProgressMeter } = await lib('progress');

/** Loads all weights; returns { bytes, loader }. */
async function loadAll(base, storage, options = {}) {
  const loader = await BundleLoader.open(base, {
    environment: { storage }, download: quick, progress: new ProgressMeter(), ...options,
  });
  await loader.expect(loader.manifest.shards.map((s) => s.path));
  const bytes = Buffer.alloc(loader.manifest.bytes.weights);
  await loader.weights((offset, piece) => { bytes.set(piece, offset); });
  return { bytes, loader };
}
const weightsLog = (server) => server.log.filter((entry) => entry.path.startsWith('weights/'));
const sum = (entries) => entries.reduce((total, entry) => total + entry.sent, 0);

async function withServer(bundle, behave, run) {
  const server = await serveBundle(bundle, behave);
  try {
    return await run(server);
  } finally {
    await server.close();
  }
}

test('weights of several shards arrive whole, in order, and are cached', async () => {
  const bundle = makeBundle({ weights: 2 * shardBytes + 12345 });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    const first = await loadAll(server.base, storage);
    assert.ok(first.bytes.equals(bundle.weights));
    assert.equal(first.loader.progress.downloadedBytes, bundle.weights.length);
    assert.equal(sum(weightsLog(server)), bundle.weights.length);
    const before = server.log.length;
    const second = await loadAll(server.base, storage);
    assert.ok(second.bytes.equals(bundle.weights));
    assert.equal(weightsLog(server).length, 3, 'nothing but the manifest is fetched again');
    assert.equal(server.log.length, before + 1);
    assert.equal(second.loader.progress.cachedBytes, bundle.weights.length);
    assert.equal(storage.open, 0, 'no handle stays open');
  });
});

test('a connection that breaks goes on by Range, and no byte comes twice', async () => {
  const bundle = makeBundle({ weights: 400_000 });
  let cuts = 0;
  const behave = (request, response, next) => {
    if (!request.path.startsWith('weights/') || cuts >= 4) return next();
    ++cuts;
    cutAfter(request, response, 60_000);
  };
  await withServer(bundle, behave, async (server) => {
    const { bytes } = await loadAll(server.base, new FakeStorage());
    assert.ok(bytes.equals(bundle.weights));
    assert.equal(sum(weightsLog(server)), bundle.weights.length);
    assert.deepEqual(weightsLog(server).map((e) => e.range),
      [undefined, 'bytes=60000-', 'bytes=120000-', 'bytes=180000-', 'bytes=240000-']);
  });
});

test('100 cuts at random points, with a reload after each: every load continues', async () => {
  const bundle = makeBundle({ weights: 500_000 });
  let cutAt = 0;
  const behave = (request, response, next) =>
    request.path.startsWith('weights/') && cutAt > 0 ? cutAfter(request, response, cutAt) : next();
  await withServer(bundle, behave, async (server) => {
    let seed = 7;
    for (let round = 0; round < 100; ++round) {
      server.log.length = 0;
      const storage = new FakeStorage({ sync: round % 2 === 0 });
      cutAt = 1 + (seed = (seed * 48271) % 2147483647) % 499_000;
      const abort = new AbortController();
      const progress = new ProgressMeter();
      const broken = loadAll(server.base, storage, { signal: abort.signal, progress, download: { backoff: 60_000 } });
      broken.catch(() => {});
      // The tab closes a little later, when the connection has broken or just before.
      while (sum(weightsLog(server)) < cutAt) await new Promise((ok) => setTimeout(ok, 1));
      await new Promise((ok) => setTimeout(ok, round % 20));
      abort.abort();
      await rejectsWith(broken, 'ABORTED');
      cutAt = 0;
      const { bytes, loader } = await loadAll(server.base, storage);
      assert.ok(bytes.equals(bundle.weights), `round ${round}`);
      assert.equal(progress.downloadedBytes + loader.progress.downloadedBytes, bundle.weights.length,
        `round ${round}: a byte came twice`);
      assert.ok(weightsLog(server).length <= 2);
    }
  });
});

test('after 5 retries without progress the error says how far it came', async () => {
  const bundle = makeBundle({ weights: 100_000 });
  const behave = (request, response, next) =>
    request.path.startsWith('weights/') ? response.destroy() : next();
  await withServer(bundle, behave, async (server) => {
    const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'NETWORK');
    assert.equal(weightsLog(server).length, 6);
    assert.match(error.message, /0 of 100000 bytes 6 times/);
  });
});

test('status 503 is tried again, 404 is not', async () => {
  const bundle = makeBundle();
  let busy = 2;
  const behave = (request, response, next) =>
    request.path.startsWith('weights/') && busy-- > 0 ? response.writeHead(503).end() : next();
  await withServer(bundle, behave, async (server) => {
    assert.ok((await loadAll(server.base, new FakeStorage())).bytes.equals(bundle.weights));
  });
  bundle.files.delete('weights/00000.bin');
  await withServer(bundle, undefined, async (server) => {
    const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'NOT_FOUND');
    assert.match(error.message, /404.*weights\/00000\.bin/);
    assert.equal(weightsLog(server).length, 1);
  });
});

test('a server without ranges: the shard begins again', async () => {
  const bundle = makeBundle({ weights: 300_000 });
  let cuts = 1;
  const behave = (request, response, next) => {
    if (!request.path.startsWith('weights/')) return next();
    delete request.headers.range;
    if (cuts-- > 0) return cutAfter(request, response, 100_000);
    next();
  };
  await withServer(bundle, behave, async (server) => {
    const { bytes, loader } = await loadAll(server.base, new FakeStorage());
    assert.ok(bytes.equals(bundle.weights));
    assert.equal(loader.progress.downloadedBytes, bundle.weights.length, 'void bytes do not count');
  });
});

test('a range of another file is noticed', async () => {
  const bundle = makeBundle({ weights: 200_000 });
  let cuts = 1;
  const behave = (request, response, next) => {
    if (!request.path.startsWith('weights/')) return next();
    if (cuts-- > 0) return cutAfter(request, response, 50_000);
    response.writeHead(206, { 'content-range': 'bytes 50000-299999/300000' });
    response.end(Buffer.alloc(250_000));
  };
  await withServer(bundle, behave, async (server) => {
    const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'BAD_RESPONSE');
    assert.match(error.message, /300000 bytes, the manifest says 200000/);
  });
});

const wrongAnswers = {
  'a web page with status 200': [(response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html>');
  }, /web page/],
  'a file that is shorter': [(response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.end(Buffer.alloc(10));
  }, /announces 10 bytes where 100000/],
  'a file that is longer, without its length': [(response) => {
    response.writeHead(200);
    response.end(Buffer.alloc(100_001));
  }, /more than the 100000 bytes/],
  'gzip that does not say so': [(response, file) => {
    response.writeHead(200);
    response.end(zlib.gzipSync(Buffer.alloc(1000)));
  }, /gzip/],
};
for (const [name, [answer, message]] of Object.entries(wrongAnswers))
  test(`${name} is an error at once`, async () => {
    const bundle = makeBundle();
    const behave = (request, response, next) =>
      request.path.startsWith('weights/') ? answer(response, request.file) : next();
    await withServer(bundle, behave, async (server) => {
      const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'BAD_RESPONSE');
      assert.match(error.message, message);
      assert.match(error.message, /weights\/00000\.bin/);
    });
  });

test('gzip that says so is decoded', async () => {
  const bundle = makeBundle();
  const behave = (request, response, next) => {
    if (!request.path.startsWith('weights/')) return next();
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(zlib.gzipSync(request.file));
  };
  await withServer(bundle, behave, async (server) => {
    assert.ok((await loadAll(server.base, new FakeStorage())).bytes.equals(bundle.weights));
  });
});

test('a flipped bit on the server: fetched once more, then an error, and nothing is kept', async () => {
  const bundle = makeBundle();
  const behave = (request, response, next) => {
    if (!request.path.startsWith('weights/')) return next();
    const wrong = Buffer.from(request.file);
    wrong[777] ^= 4;
    response.end(wrong);
  };
  await withServer(bundle, behave, async (server) => {
    const storage = new FakeStorage();
    const error = await rejectsWith(loadAll(server.base, storage), 'CORRUPT');
    assert.match(error.message, /weights\/00000\.bin/);
    assert.equal(weightsLog(server).length, 2);
    assert.equal(storage.files.size, 0);
  });
});

test('any flipped bit of any file: 2000 of them, each an error that names the file', async () => {
  const extra = { 'plan.fb': 'p'.repeat(999), 'runtime/sinter.wasm': 'w'.repeat(3000), 'kernels/webgpu/f32.wgsl': 'k'.repeat(500) };
  const { files } = makeBundle({ weights: 5000, extra });
  const names = [...files.keys()].filter((name) => name !== 'manifest.json');
  let seed = 99;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  let damaged = '', bit = 0;
  const fetch = async (address) => {
    const name = new URL(address).pathname.slice(1);
    const bytes = Buffer.from(files.get(name));
    if (name === damaged) bytes[bit >> 3] ^= 1 << (bit & 7);
    return new Response(bytes, { headers: { 'content-length': bytes.length } });
  };
  const loader = await BundleLoader.open(new URL('http://bundle/'), { cache: false, fetch });
  for (let round = 0; round < 2000; ++round) {
    damaged = names[round % names.length];
    bit = random(8 * files.get(damaged).length);
    const load = damaged.startsWith('weights/') ? loader.weights(() => {}) : loader.file(damaged);
    const error = await rejectsWith(load, 'CORRUPT');
    assert.equal(error.details.file, damaged);
  }
});

test('a flipped bit in the cache is healed', async () => {
  const bundle = makeBundle({ weights: shardBytes + 1000 });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    await loadAll(server.base, storage);
    for (const file of storage.files.values()) file.bytes[100] ^= 1;
    server.log.length = 0;
    const { bytes, loader } = await loadAll(server.base, storage);
    assert.ok(bytes.equals(bundle.weights));
    assert.equal(loader.healedFiles, 2);
    assert.equal(weightsLog(server).length, 2);
    server.log.length = 0;
    await loadAll(server.base, storage);
    assert.equal(weightsLog(server).length, 0);
  });
});

test('pieces are what is checked where a bundle has their hashes', async () => {
  const bundle = makeBundle({ weights: shardBytes + 600_000, pieces: true });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    assert.ok((await loadAll(server.base, storage)).bytes.equals(bundle.weights));
    // One bit in the last, short piece of each shard.
    for (const file of storage.files.values()) if (file.bytes.length > 500_000) file.bytes[file.bytes.length - 1] ^= 1;
    server.log.length = 0;
    const { bytes, loader } = await loadAll(server.base, storage);
    assert.ok(bytes.equals(bundle.weights));
    assert.equal(loader.healedFiles, 2);
    assert.equal(weightsLog(server).length, 2);
  });
});

test('hashes of pieces that do not fit the weights are an error', async () => {
  const bundle = makeBundle({ extra: { 'weights.sha256': 'too short' } });
  await withServer(bundle, undefined, async (server) => {
    const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'CORRUPT');
    assert.match(error.message, /weights\.sha256 has 9 bytes instead of 32/);
  });
});

test('an evicted or cut entry is fetched again as far as it is missing', async () => {
  const bundle = makeBundle();
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    await loadAll(server.base, storage);
    const [file] = storage.files.values();
    file.bytes = file.bytes.subarray(0, 30_000);
    server.log.length = 0;
    assert.ok((await loadAll(server.base, storage)).bytes.equals(bundle.weights));
    assert.deepEqual(weightsLog(server).map((e) => e.range), ['bytes=30000-']);
    storage.files.clear();
    assert.ok((await loadAll(server.base, storage)).bytes.equals(bundle.weights));
  });
});

test('no room: it runs, warns, and leaves no part behind', async () => {
  const bundle = makeBundle({ weights: 300_000 });
  await withServer(bundle, undefined, async (server) => {
    const known = await loadAll(server.base, new FakeStorage({ quota: 100_000 }));
    assert.ok(known.bytes.equals(bundle.weights));
    assert.match(known.loader.warnings.join(), /has room for/);
    const storage = new FakeStorage({ quota: 100_000 });
    storage.estimate = undefined; // the browser does not say
    const unknown = await loadAll(server.base, storage);
    assert.ok(unknown.bytes.equals(bundle.weights));
    assert.match(unknown.loader.warnings.join(), /no more room/);
    await new Promise((ok) => setTimeout(ok, 20));
    assert.equal(storage.files.size, 0);
    assert.equal(storage.open, 0);
  });
});

test('private mode: without storage it runs and warns', async () => {
  const bundle = makeBundle();
  await withServer(bundle, undefined, async (server) => {
    const denied = { getDirectory: () => Promise.reject(new DOMException('denied', 'SecurityError')) };
    for (const storage of [undefined, denied]) {
      const { bytes, loader } = await loadAll(server.base, storage);
      assert.ok(bytes.equals(bundle.weights));
      assert.match(loader.warnings.join(), /downloaded again next time/);
      assert.equal(loader.cacheKind, 'none');
    }
  });
});

test('two loads at once share one download', async () => {
  const bundle = makeBundle({ weights: shardBytes + 5000 });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    const both = await Promise.all([loadAll(server.base, storage), loadAll(server.base, storage)]);
    for (const { bytes } of both) assert.ok(bytes.equals(bundle.weights));
    assert.equal(sum(weightsLog(server)), bundle.weights.length);
  });
});

test('without a network: from the cache, or a clear error within a second', async () => {
  const bundle = makeBundle();
  const server = await serveBundle(bundle);
  const storage = new FakeStorage();
  await loadAll(server.base, storage);
  await server.close();
  const { bytes, loader } = await loadAll(server.base, storage);
  assert.ok(bytes.equals(bundle.weights));
  assert.equal(loader.offline, true);
  const began = Date.now();
  const error = await rejectsWith(loadAll(server.base, new FakeStorage()), 'NETWORK');
  assert.ok(Date.now() - began < 1000);
  assert.match(error.message, /manifest\.json/);
});

test('a new version of a bundle is seen, and shares the files that are the same', async () => {
  const one = makeBundle({ weights: shardBytes + 100, seed: 1 });
  const bundle = { files: new Map(one.files) };
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    await loadAll(server.base, storage);
    const last = Buffer.from(one.files.get('weights/00001.bin'));
    last[0] ^= 255;
    const manifest = structuredClone(one.manifest);
    manifest.files[1].sha256 = sha256(last);
    bundle.files.set('weights/00001.bin', last);
    bundle.files.set('manifest.json', Buffer.from(manifestText(manifest)));
    server.log.length = 0;
    await loadAll(server.base, storage);
    assert.deepEqual(weightsLog(server).map((e) => e.path), ['weights/00001.bin']);
  });
});

test('a device that computed right is believed for a week, with the same bundle, and not when it was wrong', async (context) => {
  const { prove } = await lib('self-check');
  const bundle = makeBundle({ weights: 1000 });
  const golden = { tokens: [1, 2], ids: [0, 1], logits: [3, -3], deviation: 1 };
  const checks = (logits = [3, -3], over = {}) => ({
    name: 'webgpu', variant: 'f32', reason: 'a card', limits: { context: 8, chunk: 8 }, count: 0,
    prefill: async () => undefined, decode: async () => undefined, truncate: () => undefined,
    async logits() { this.count += 1; return Float32Array.from(logits); }, ...over,
  });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    const proved = async (device, when = 'weekly') => {
      const loader = await BundleLoader.open(server.base, { environment: { storage } });
      const result = await prove(loader, device, golden, when);
      assert.equal(device.count, result ? 1 : 0);
      return result;
    };
    await rejectsWith(proved(checks([3, -1])), 'SELF_CHECK_FAILED');
    assert.equal(await proved(checks()), true, 'a failure is not believed');
    assert.equal(await proved(checks([9, 9])), false, 'believed');
    assert.equal(await proved(checks(), 'always'), true, 'always');
    for (const other of [{ variant: 'f16' }, { reason: 'another card' }, { name: 'wasm' }])
      assert.equal(await proved(checks(undefined, other)), true, JSON.stringify(other));
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 8 * 24 * 3600 * 1000 });
    assert.equal(await proved(checks()), true, 'a week later');
    assert.equal(await proved(checks()), false);
    const changed = makeBundle({ weights: 1000, seed: 2 });
    for (const [name, bytes] of changed.files) bundle.files.set(name, bytes);
    assert.equal(await proved(checks()), true, 'another bundle at the same address');
  });
});

test('listCached and deleteCached', async () => {
  const bundle = makeBundle({ weights: 50_000, extra: { 'index.html': '<p>', 'plan.fb': 'plan' } });
  const other = makeBundle({ weights: 50_000, extra: { 'plan.fb': 'another' } });
  await withServer(bundle, undefined, (server) => withServer(other, undefined, async (second) => {
    const environment = { storage: new FakeStorage() };
    assert.deepEqual(await listCached(environment), []);
    await loadAll(server.base, environment.storage);
    await loadAll(second.base, environment.storage);
    const list = await listCached(environment);
    assert.deepEqual(list.map((b) => b.base).sort(), [server.base.href, second.base.href].sort());
    assert.ok(list.every((b) => b.complete && b.cachedBytes === 50_000 && b.name === 'toy'));
    assert.equal(await deleteCached(server.base, environment), 0, 'the other bundle has the same weights');
    assert.equal(await deleteCached(second.base, environment), 50_000);
    assert.deepEqual(await listCached(environment), []);
    assert.equal(environment.storage.used(), 0);
  }));
});

test('an abort at any time leaves a cache that the next load goes on from', async () => {
  const bundle = makeBundle({ weights: 2 * shardBytes });
  await withServer(bundle, undefined, async (server) => {
    const storage = new FakeStorage();
    for (let round = 0; round < 20; ++round) {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), round * 7);
      const load = loadAll(server.base, storage, { signal: abort.signal });
      await load.catch((error) => assert.equal(error.code, 'ABORTED'));
      assert.equal(storage.open, 0);
    }
    assert.ok((await loadAll(server.base, storage)).bytes.equals(bundle.weights));
  });
});

test('the first shard may come before its device is there; who gives up leaves nothing open', async () => {
  const bundle = makeBundle({ weights: shardBytes + 1000 });
  let hold;
  const held = new Promise((ok) => { hold = ok; });
  const behave = async (request, response, next) => {
    if (request.path === 'weights/00001.bin') await held;
    next();
  };
  await withServer(bundle, behave, async (server) => {
    const storage = new FakeStorage();
    const loader = await BundleLoader.open(server.base, { environment: { storage }, download: quick });
    loader.begin();
    loader.begin();
    while (loader.progress.downloadedBytes < shardBytes) await new Promise((ok) => setTimeout(ok, 1));
    assert.deepEqual(weightsLog(server).map((e) => e.path), ['weights/00000.bin'], 'one shard, once');
    hold();
    const bytes = Buffer.alloc(bundle.weights.length);
    await loader.weights((offset, piece) => { bytes.set(piece, offset); });
    assert.ok(bytes.equals(bundle.weights));
    assert.equal(loader.progress.downloadedBytes, bundle.weights.length);
    // Given up in the middle of the first one.
    const second = new FakeStorage();
    const given = await BundleLoader.open(server.base, { environment: { storage: second }, download: quick });
    given.begin();
    while (given.progress.downloadedBytes === 0) await new Promise((ok) => setTimeout(ok, 1));
    given.abandon();
    while (second.open > 0) await new Promise((ok) => setTimeout(ok, 1));
    await rejectsWith(given.weights(() => {}), 'ABORTED');
    assert.ok((await loadAll(server.base, second)).bytes.equals(bundle.weights));
  });
});

test('a failing device ends the load with its error', async () => {
  const bundle = makeBundle({ weights: 3 * shardBytes });
  await withServer(bundle, undefined, async (server) => {
    const loader = await BundleLoader.open(server.base, { environment: { storage: new FakeStorage() } });
    let calls = 0;
    const load = loader.weights(async () => { if (++calls === 2) throw new Error('device broke'); });
    await assert.rejects(load, /device broke/);
  });
});

test('nothing is ever asked to hold more than one shard', async () => {
  const bundle = makeBundle({ weights: 4 * shardBytes + 8 });
  await withServer(bundle, undefined, async (server) => {
    const loader = await BundleLoader.open(server.base, { cache: false });
    const buffers = new Set();
    let largest = 0;
    await loader.weights((offset, bytes) => { buffers.add(bytes.buffer); largest = Math.max(largest, bytes.length); });
    assert.equal(largest, shardBytes);
    assert.equal(buffers.size, 1);
  });
});

test('progress counts every byte once and ends at the total', async () => {
  const bundle = makeBundle({ weights: shardBytes + 7 });
  await withServer(bundle, undefined, async (server) => {
    const seen = [];
    const progress = new ProgressMeter((event) => seen.push(event));
    await loadAll(server.base, new FakeStorage(), { progress });
    progress.enter('ready');
    const last = seen.at(-1);
    assert.equal(last.stage, 'ready');
    for (const field of ['loadedBytes', 'totalBytes', 'verifiedBytes', 'uploadedBytes'])
      assert.equal(last[field], bundle.weights.length, field);
    assert.deepEqual([...new Set(seen.map((e) => e.stage))].slice(0, 2), ['manifest', 'download']);
    for (let i = 1; i < seen.length; ++i) assert.ok(seen[i].loadedBytes >= seen[i - 1].loadedBytes);
  });
});
