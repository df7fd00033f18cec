// Runs the real loader in a worker of the real browser; loader.mjs drives it. Messages in:
// {id, op, base}; out: {id, progress} while loading, {id, result} or {id, error} at the end.
import { deleteCached, listCached } from '/lib/cache.js';
import { BundleLoader } from '/lib/loader.js';
import { ProgressMeter } from '/lib/progress.js';
import { sha256 } from '/lib/sha256.js';

const aborts = new Map();

async function load(id, base) {
  const abort = new AbortController();
  aborts.set(id, abort);
  const progress = new ProgressMeter((progress) => postMessage({ id, progress }));
  const loader = await BundleLoader.open(new URL(base), { progress, signal: abort.signal, download: { backoff: 20, stallTimeout: 3000 } });
  await loader.expect(loader.manifest.shards.map((shard) => shard.path));
  // A piece that was wrong comes once more.
  const pieces = new Map();
  await loader.weights(async (offset, bytes) => {
    pieces.set(offset, [offset, bytes.length, await sha256(bytes)]);
  });
  return {
    hashes: [...pieces.values()], healed: loader.healedFiles, cacheKind: loader.cacheKind, warnings: loader.warnings, offline: loader.offline,
    downloaded: progress.downloadedBytes, cached: progress.cachedBytes, verified: progress.verifiedBytes,
  };
}

/** Changes what lies in the origin's private file system; returns how many files it changed. */
async function damage(how) {
  let changed = 0;
  const visit = async (folder) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') await visit(handle);
      else {
        const file = await handle.getFile();
        if (file.size < 100000) continue; // notes
        ++changed;
        if (how === 'delete') {
          await folder.removeEntry(name);
          continue;
        }
        const access = await handle.createSyncAccessHandle();
        if (how === 'flip') access.write(new Uint8Array([1, 2, 3, 4]), { at: 50000 });
        if (how === 'truncate') access.truncate(12345);
        if (how === 'extend') access.write(new Uint8Array(10), { at: file.size });
        access.close();
      }
    }
  };
  await visit(await navigator.storage.getDirectory());
  return changed;
}

const list = async () => (await listCached()).map(({ base, name, bytes, cachedBytes, complete }) => ({ base, name, bytes, cachedBytes, complete }));
const operations = { load, damage: (_, how) => damage(how), list, remove: (_, base) => deleteCached(base) };

onmessage = async ({ data: { id, op, argument } }) => {
  if (op === 'abort') return aborts.get(argument)?.abort();
  try {
    postMessage({ id, result: await operations[op](id, argument) });
  } catch (error) {
    postMessage({ id, error: { code: error.code, message: error.message, stack: error.stack } });
  }
};
