// The real loader in the real browser, its private file system and its locks, against servers and
// users that misbehave: cuts, closed tabs, ranges that are ignored, wrong lengths, pages in place of
// files, damaged and evicted entries, no room, two tabs, aborts, no network.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { launch, launchProfile, watchedPage } from '../support/browser.mjs';
import { runTests } from '../support/run-tests.mjs';
import { sendFile, serve } from '../support/server.mjs';
import { temporaryFolder } from '../support/site.mjs';
import { libraryModules, testsWeb } from '../support/skip.mjs';
import { makeBundle, sha256, shardBytes } from '../unit/support.mjs';

const mib = 1 << 20;
// 100 in measurements (docs/measurements); fewer in the everyday run.
const rounds = Number(process.env.ROUNDS ?? 12);
const root = temporaryFolder('loader');
fs.symlinkSync(libraryModules, path.join(root, 'lib'));
fs.copyFileSync(path.join(testsWeb, 'browser/loader-worker.js'), path.join(root, 'loader-worker.js'));
fs.writeFileSync(path.join(root, 'index.html'), '<!doctype html><title>loader</title><script type="module" src="client.js"></script>');
fs.writeFileSync(path.join(root, 'client.js'), `
const worker = new Worker('/loader-worker.js', { type: 'module' });
let counter = 0;
const waiting = new Map();
worker.onmessage = ({ data }) => {
  if (data.progress) return void ((window.progress = data.progress), (window.progressCount = (window.progressCount ?? 0) + 1));
  const { resolve } = waiting.get(data.id);
  resolve(data);
};
window.start = (op, argument) => {
  const id = ++counter;
  window.lastId = id;
  return new Promise((resolve) => { waiting.set(id, { resolve }); worker.postMessage({ id, op, argument }); });
};
window.abortLast = () => worker.postMessage({ op: 'abort', argument: window.lastId });
window.ready = true;
`);

/** Writes a bundle into a folder of its own; gives its weights' hashes as the worker reports them. */
let bundles = 0;
function writeBundle(weights, { pieces = false } = {}) {
  const name = `b${++bundles}`;
  const bundle = makeBundle({ weights, seed: bundles, pieces });
  for (const [file, bytes] of bundle.files) {
    fs.mkdirSync(path.dirname(path.join(root, name, file)), { recursive: true });
    fs.writeFileSync(path.join(root, name, file), bytes);
  }
  const hashes = [];
  const step = pieces ? 4 * mib : shardBytes; // what the device is given at a time
  for (let at = 0; at < weights; at += step) {
    const piece = bundle.weights.subarray(at, Math.min(weights, at + step));
    hashes.push([at, piece.length, sha256(piece)]);
  }
  return { name, hashes, weights };
}

let behave = () => false;
const server = await serve(root, { intercept: (...all) => behave(...all) });
const weightBytes = (bundle) => server.requests.filter((r) => r.path.startsWith(`${bundle.name}/weights/`)).reduce((sum, r) => sum + r.bytes, 0);
const isWeights = (name) => name.includes('/weights/');
const browser = await launch({ webgpu: false });
let context = await browser.newContext();

async function tab(in_ = context) {
  const page = await watchedPage(in_);
  await page.goto(server.url);
  await page.waitForFunction(() => window.ready);
  return page;
}
const start = (page, op, argument) => page.evaluate(([o, a]) => window.start(o, a), [op, argument]);
const url = (bundle) => `${server.url}${bundle.name}/`;
const loadBundle = (page, bundle) => start(page, 'load', url(bundle));
/** Loads and holds the bytes against the bundle's. */
async function loadWell(page, bundle, where = '') {
  const { result, error } = await loadBundle(page, bundle);
  assert.ok(result, `${where} ${error?.code} ${error?.message}`);
  assert.deepEqual(result.hashes.sort((a, b) => a[0] - b[0]), bundle.hashes, where);
  return result;
}
/** Sends the first `bytes` of what is asked for, then breaks the connection. */
function cut(bytes) {
  return (request, response, name, entry) => {
    if (!isWeights(name)) return false;
    const { size } = fs.statSync(path.join(root, name));
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) {
      response.statusCode = 206;
      response.setHeader('Content-Range', `bytes ${from}-${size - 1}/${size}`);
    }
    response.setHeader('ETag', '"x"');
    response.setHeader('Content-Length', size - from);
    const piece = fs.readFileSync(path.join(root, name)).subarray(from, Math.min(size, from + bytes));
    response.write(piece, () => setTimeout(() => response.destroy(), 30));
    entry.bytes += piece.length;
    return true;
  };
}
let seed = 12345;
const random = (below) => (seed = (seed * 48271) % 2147483647) % below;

const tests = {
  async 'the cache is the private file system, and serves the second visit'() {
    const bundle = writeBundle(25 * mib);
    const page = await tab();
    const first = await loadWell(page, bundle);
    assert.equal(first.cacheKind, 'opfs');
    assert.equal(first.downloaded, bundle.weights);
    assert.deepEqual(first.warnings, []);
    await page.close();
    const again = await tab();
    const second = await loadWell(again, bundle);
    assert.equal(second.downloaded, 0);
    assert.equal(second.cached, bundle.weights);
    assert.equal(weightBytes(bundle), bundle.weights);
    const { result } = await start(again, 'list');
    assert.deepEqual(result.find((b) => b.base === url(bundle)), { base: url(bundle), name: 'toy', bytes: bundle.weights, cachedBytes: bundle.weights, complete: true });
    assert.equal((await start(again, 'remove', url(bundle))).result, bundle.weights);
    assert.equal((await loadWell(again, bundle)).downloaded, bundle.weights);
    await again.close();
  },
  async 'cuts at random points, half of them by closing the tab: all complete, nothing twice beyond the shard in flight'() {
    for (let round = 0; round < rounds; ++round) {
      // Two shards in every tenth round.
      const bundle = writeBundle(round % 10 === 0 ? shardBytes + mib : 2 * mib + random(1000));
      const closes = round % 2 === 1;
      const at = 1 + random(Math.min(bundle.weights, shardBytes) - 1);
      const page = await tab();
      if (closes) {
        // Slowly, so that the tab closes in the middle.
        let held;
        const reached = new Promise((ok) => (held = ok));
        behave = (request, response, name, entry) => {
          if (!isWeights(name)) return false;
          const bytes = fs.readFileSync(path.join(root, name));
          response.setHeader('Content-Length', bytes.length);
          response.write(bytes.subarray(0, at), () => setTimeout(held, 20));
          entry.bytes += at;
          return true; // the rest never comes
        };
        void loadBundle(page, bundle).catch(() => undefined);
        await reached;
      } else {
        // A dead server: the cut, and then nothing but refusals.
        let cuts = 0;
        behave = (request, response, name, entry) => {
          if (!isWeights(name)) return false;
          if (cuts++ === 0) return cut(at)(request, response, name, entry);
          response.destroy();
          return true;
        };
        const { error } = await loadBundle(page, bundle);
        assert.equal(error?.code, 'NETWORK', `round ${round}: ${JSON.stringify(error)}`);
      }
      await page.close();
      behave = () => false;
      const after = await tab();
      const result = await loadWell(after, bundle, `round ${round}, cut at ${at}`);
      const twice = weightBytes(bundle) - bundle.weights;
      assert.ok(twice <= shardBytes, `round ${round}: ${twice} bytes came twice`);
      if (!closes) assert.ok(result.cached > 0 || at < 65536, `round ${round}: nothing of ${at} bytes was kept`);
      await start(after, 'remove', url(bundle));
      await after.close();
      fs.rmSync(path.join(root, bundle.name), { recursive: true });
    }
  },
  async 'a flaky connection is continued within one load'() {
    const bundle = writeBundle(8 * mib);
    let cuts = 0;
    behave = (request, response, name, entry) => isWeights(name) && cuts++ < 4 && cut(mib)(request, response, name, entry);
    const page = await tab();
    const result = await loadWell(page, bundle);
    assert.equal(cuts >= 5, true);
    assert.equal(result.downloaded, bundle.weights);
    assert.ok(weightBytes(bundle) <= bundle.weights + mib, 'ranges continue where the cut was');
    await page.close();
  },
  async 'servers that answer wrongly'() {
    const html = '<!doctype html><html><body>Please sign in</body></html>';
    const whole = (name) => fs.readFileSync(path.join(root, name));
    let step = 0;
    const cases = {
      // [what the server does with weights, the error's code or undefined where the load must come through]
      'ignores Range after a cut': [(q, r, name, e) => {
        if (step++ === 0) return cut(mib)(q, r, name, e);
        r.end(whole(name));
        return true;
      }],
      'answers a range with other bytes': [(q, r, name, e) => {
        if (step++ === 0) return cut(mib)(q, r, name, e);
        if (q.headers.range === undefined) return false;
        r.statusCode = 206;
        r.setHeader('Content-Range', `bytes 0-${whole(name).length - 1}/${whole(name).length}`);
        r.end(whole(name));
        return true;
      }],
      'compresses': [(q, r, name) => {
        r.setHeader('Content-Encoding', 'gzip');
        r.end(zlib.gzipSync(whole(name), { level: 1 }));
        return true;
      }],
      'fails three times': [(q, r) => step++ < 3 && (r.writeHead(503), r.end('busy'), true)],
      'sends wrong bytes once': [(q, r, name) => {
        if (step++ > 0) return false;
        const bytes = Buffer.from(whole(name));
        bytes[777] ^= 1;
        r.end(bytes);
        return true;
      }],
      'sends wrong bytes always': [(q, r, name) => {
        const bytes = Buffer.from(whole(name));
        bytes[777] ^= 1;
        r.end(bytes);
        return true;
      }, 'CORRUPT'],
      'sends too much': [(q, r, name) => (r.end(Buffer.concat([whole(name), Buffer.alloc(9)])), true), 'BAD_RESPONSE|CORRUPT'],
      'sends too little': [(q, r, name) => (r.end(whole(name).subarray(0, mib)), true), 'BAD_RESPONSE|CORRUPT|NETWORK'],
      'sends a page': [(q, r) => (r.setHeader('Content-Type', 'text/html'), r.end(html), true), 'BAD_RESPONSE'],
      'has no such file': [(q, r) => (r.writeHead(404), r.end('no'), true), 'NOT_FOUND'],
      'hangs': [() => true, 'NETWORK'],
    };
    for (const [name, [answer, code]] of Object.entries(cases)) {
      const bundle = writeBundle(3 * mib);
      step = 0;
      behave = (q, r, file, e) => isWeights(file) && answer(q, r, file, e);
      const page = await tab();
      const { result, error } = await loadBundle(page, bundle);
      if (code === undefined) assert.deepEqual(result?.hashes, bundle.hashes, `${name}: ${error?.message}`);
      else assert.match(String(error?.code), new RegExp(`^(${code})$`), `${name}: ${error?.message}`);
      if (error) assert.match(error.message, /weights\/00000\.bin/, name);
      console.log(`      ${name}: ${error ? `${error.code}, ${error.message}` : 'comes through'}`);
      // Nothing wrong stays behind.
      behave = () => false;
      await loadWell(page, bundle, `after: ${name}`);
      await page.close();
    }
  },
  async 'damaged and evicted entries heal'() {
    const bundle = writeBundle(3 * mib);
    const page = await tab();
    await loadWell(page, bundle);
    for (const how of ['flip', 'truncate', 'extend', 'delete'].flatMap((h) => Array(12).fill(h))) {
      assert.ok((await start(page, 'damage', how)).result >= 1, how);
      const result = await loadWell(page, bundle, how);
      if (how === 'flip') assert.equal(result.healed, 1);
      assert.equal((await loadWell(page, bundle, `after ${how}`)).downloaded, 0, how);
    }
    await page.close();
  },
  async 'a helper hashes pieces; one that is missing, fails, dies or lies lets no wrong byte pass'() {
    // In place of thread.js; a fresh context, so that everything comes from the server while the helper starts.
    const withHelper = async (script, run) => {
      const own = await browser.newContext();
      let asked = 0;
      behave = (request, response, name) => {
        if (name !== 'lib/thread.js') return false;
        ++asked;
        if (script === undefined) return false;
        response.writeHead(script === '' ? 404 : 200, { 'Content-Type': 'text/javascript' }).end(script);
        return true;
      };
      await run(await tab(own));
      behave = () => false;
      await own.close();
      assert.ok(asked > 0, 'no helper was started');
    };
    const job = (answer) => `onmessage = ({ data }) => { if (data.hash) postMessage('ready'); else ${answer}; };`;
    await withHelper(undefined, async (page) => {
      const bundle = writeBundle(60 * mib, { pieces: true });
      await loadWell(page, bundle);
      assert.equal((await loadWell(page, bundle, 'again')).healed, 0);
      assert.ok((await start(page, 'damage', 'flip')).result > 0);
      assert.equal((await loadBundle(page, bundle)).result.healed, 3);
    });
    await withHelper('', (page) => loadWell(page, writeBundle(60 * mib, { pieces: true }), 'missing'));
    for (const answer of ["postMessage('failed')", "throw new Error('out of memory')"])
      await withHelper(job(answer), async (page) =>
        assert.equal((await loadBundle(page, writeBundle(60 * mib, { pieces: true }))).error?.code, 'WORKER_FAILED', answer));
    await withHelper(job('postMessage({ buffer: data.buffer, hashes: new Uint8Array(0) })'), async (page) =>
      assert.ok((await loadBundle(page, writeBundle(60 * mib, { pieces: true }))).result.healed > 0));
  },
  async 'two tabs share one download'() {
    const bundle = writeBundle(shardBytes + 3 * mib);
    const slow = (q, r, name, e) => isWeights(name) && (setTimeout(() => sendFile(path.join(root, name), q, r, e), 300), true);
    behave = slow;
    const [one, two] = [await tab(), await tab()];
    const results = await Promise.all([loadWell(one, bundle), loadWell(two, bundle)]);
    assert.equal(results[0].downloaded + results[1].downloaded, bundle.weights);
    assert.equal(weightBytes(bundle), bundle.weights);
    behave = () => false;
    await Promise.all([one.close(), two.close()]);
  },
  async 'no room: it loads, says so, and keeps nothing broken'() {
    const bundle = writeBundle(6 * mib);
    for (const quotaSize of [1 * mib, 4 * mib]) {
      // Private windows do not hold file handles to a quota.
      const own = await launchProfile(temporaryFolder('profile'), { webgpu: false });
      const page = await tab(own);
      const cdp = await own.newCDPSession(page);
      await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url.slice(0, -1), quotaSize });
      const result = await loadWell(page, bundle, `quota ${quotaSize}`);
      assert.match(result.warnings.join(), /downloaded again next time/);
      await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url.slice(0, -1) });
      const after = await loadWell(page, bundle, 'with room again');
      assert.deepEqual(after.warnings, []);
      assert.equal((await loadWell(page, bundle)).downloaded, 0);
      await own.close();
    }
  },
  async '50 aborts at random moments, and then it loads'() {
    const bundle = writeBundle(4 * mib);
    const page = await tab();
    for (let round = 0; round < 50; ++round) {
      const pending = loadBundle(page, bundle);
      await page.waitForTimeout(random(40));
      const begun = Date.now();
      await page.evaluate(() => window.abortLast());
      const { result, error } = await pending;
      assert.ok(result || error.code === 'ABORTED', JSON.stringify(error));
      assert.ok(Date.now() - begun < 2000, `${Date.now() - begun} ms`);
      if (result) await start(page, 'remove', url(bundle));
    }
    await loadWell(page, bundle);
    assert.deepEqual(page.faults, []);
    await page.close();
  },
  async 'without a network: from the cache, or an error within a second'() {
    const bundle = writeBundle(2 * mib);
    const other = writeBundle(2 * mib);
    const page = await tab();
    await loadWell(page, bundle);
    await context.setOffline(true);
    const result = await loadWell(page, bundle);
    assert.equal(result.offline, true);
    const begun = Date.now();
    const { error } = await loadBundle(page, other);
    assert.equal(error?.code, 'OFFLINE');
    assert.ok(Date.now() - begun < 1000, `${Date.now() - begun} ms`);
    await context.setOffline(false);
    await page.close();
  },
};

const passed = await runTests(tests, {
  before: () => { behave = () => false; },
  after: async (failed) => {
    if (failed) {
      await context.close();
      context = await browser.newContext();
    }
    server.requests.length = 0;
  },
});
await browser.close();
await server.close();
process.exit(passed ? 0 : 1);
