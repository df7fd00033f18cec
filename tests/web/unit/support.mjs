// What the unit tests of runtime/web share: the built library, bundles made up in memory, a server that
// misbehaves on request, and a file system in place of the browser's.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { manifestText } from '../support/manifest.mjs';

const folder = path.resolve(process.env.SINTER_BIN ?? 'build/bin', '../share/sinter/web');
if (!fs.existsSync(path.join(folder, 'sinter.js'))) {
  console.log('skipped: the JavaScript library is not built (npm tools missing?)');
  process.exit(77);
}

/** A module of the built library. */
export const lib = (name) => import(pathToFileURL(path.join(folder, `${name}.js`)).href);
export const libFolder = folder;

export const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
export const shardBytes = 24 * 1024 * 1024;
const pieceBytes = 512 * 1024;

/**
 * A bundle with weights of these sizes and a few small files: { files: Map path -> Buffer, manifest }. pieces: with
 * hashes of the weights' pieces.
 */
export function makeBundle({ weights = 100_000, seed = 1, extra = {}, pieces = false, change = (m) => m } = {}) {
  const files = new Map();
  // Bytes that look random; every shard is another one.
  const cipher = crypto.createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const bytes = cipher.update(Buffer.alloc(weights));
  for (let at = 0, n = 0; at < weights; at += shardBytes, ++n)
    files.set(`weights/${String(n).padStart(5, '0')}.bin`, bytes.subarray(at, Math.min(weights, at + shardBytes)));
  const hashes = Array.from({ length: Math.ceil(weights / pieceBytes) },
    (_, i) => crypto.createHash('sha256').update(bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes)).digest());
  if (pieces) files.set('weights.sha256', Buffer.concat(hashes));
  for (const [name, content] of Object.entries(extra)) files.set(name, Buffer.from(content));
  const manifest = change({
    format: 'sinter-bundle', version: [1, 1], abi_version: 1, generator: 'sinter 0.1.0', name: 'toy', prefix: 'toy',
    model: { architecture: 'llama', parameters: 10, context: 32, vocab_size: 16, quantization: 'q4_0', bits_per_weight: 4.5 },
    targets: { wasm: { plan: 'plan.fb', variants: ['relaxed', 'simd128'], arena: 1, state: 1 } },
    bytes: { download: weights, weights, arena: 1, state: 1 },
    sampling: {},
    files: [...files].map(([path, content]) => ({ path, size: content.length, sha256: sha256(content) })),
  });
  files.set('manifest.json', Buffer.from(manifestText(manifest)));
  return { files, manifest, weights: bytes };
}

/**
 * Serves a bundle. behave(request, response, next) may answer instead: `request.file` is the content, `request.path`
 * its name, next() the ordinary answer. log: what was asked for, with the bytes that were sent.
 */
export async function serveBundle(bundle, behave = (request, response, next) => next()) {
  const log = [];
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname.slice(1));
    const file = bundle.files.get(name);
    const entry = { path: name, range: request.headers.range, sent: 0 };
    log.push(entry);
    request.path = name;
    request.file = file;
    request.entry = entry;
    behave(request, response, () => answer(request, response, file, entry));
  });
  await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
  return {
    base: new URL(`http://127.0.0.1:${server.address().port}/`),
    log,
    close: () => new Promise((ok) => { server.closeAllConnections(); server.close(ok); }),
  };
}

function answer(request, response, file, entry) {
  if (file === undefined) return response.writeHead(404).end('no such file');
  const found = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const etag = `"${sha256(file).slice(0, 16)}"`;
  const from = found ? Number(found[1]) : 0;
  if (found && from >= file.length) return response.writeHead(416).end();
  const body = file.subarray(from);
  const headers = { etag, 'content-length': body.length, 'content-type': 'application/octet-stream' };
  if (found) headers['content-range'] = `bytes ${from}-${file.length - 1}/${file.length}`;
  response.writeHead(found ? 206 : 200, headers);
  entry.sent += body.length;
  response.end(body);
}

/** Sends the first `count` bytes of the ordinary answer, then breaks the connection. */
export function cutAfter(request, response, count) {
  const file = request.file;
  const found = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const from = found ? Number(found[1]) : 0;
  const headers = { 'content-length': file.length - from, etag: '"x"' };
  if (found) headers['content-range'] = `bytes ${from}-${file.length - 1}/${file.length}`;
  response.writeHead(found ? 206 : 200, headers);
  const piece = file.subarray(from, Math.min(file.length, from + count));
  request.entry.sent += piece.length;
  response.write(piece, () => setTimeout(() => response.destroy(), 5));
}

/**
 * The origin private file system, in memory. quota: bytes in all. sync: with sync access handles, as in dedicated
 * workers.
 */
export class FakeStorage {
  constructor({ quota = Infinity, sync = true } = {}) {
    this.quota = quota;
    this.sync = sync;
    this.root = new FakeFolder(this);
    this.open = 0;
  }
  getDirectory() { return Promise.resolve(this.root); }
  estimate() { return Promise.resolve({ quota: this.quota, usage: this.used() }); }
  used(folder = this.root) {
    let sum = 0;
    for (const entry of folder.entries.values())
      sum += entry instanceof FakeFolder ? this.used(entry) : entry.bytes.length;
    return sum;
  }
  /** The files' folder: Map hash -> FakeFile. */
  get files() { return this.root.entries.get('sinter').entries.get('files').entries; }
}

const domError = (name) => new DOMException(name, name);

class FakeFolder {
  constructor(storage) { this.storage = storage; this.entries = new Map(); }
  async getDirectoryHandle(name, { create = false } = {}) {
    if (!this.entries.has(name)) {
      if (!create) throw domError('NotFoundError');
      this.entries.set(name, new FakeFolder(this.storage));
    }
    return this.entries.get(name);
  }
  async getFileHandle(name, { create = false } = {}) {
    if (!this.entries.has(name)) {
      if (!create) throw domError('NotFoundError');
      this.entries.set(name, new FakeFile(this.storage));
    }
    return this.entries.get(name);
  }
  async removeEntry(name) {
    const entry = this.entries.get(name);
    if (entry === undefined) throw domError('NotFoundError');
    if (entry.handles > 0) throw domError('NoModificationAllowedError');
    this.entries.delete(name);
  }
  async *keys() { yield* this.entries.keys(); }
}

class FakeFile {
  constructor(storage) {
    this.storage = storage;
    this.bytes = Buffer.alloc(0);
    this.room = Buffer.alloc(0); // what `bytes` is the beginning of, so that appending is cheap
    this.handles = 0;
    if (storage.sync) this.createSyncAccessHandle = (options) => this.openSync(options);
  }
  async getFile() { return new Blob([this.bytes]); }
  put(bytes, at) {
    const size = Math.max(this.bytes.length, at + bytes.length);
    if (this.storage.used() + size - this.bytes.length > this.storage.quota) throw domError('QuotaExceededError');
    if (size > this.room.length) {
      const room = Buffer.alloc(Math.max(size, 2 * this.room.length));
      this.bytes.copy(room);
      this.room = room;
    }
    if (this.bytes.buffer !== this.room.buffer) this.bytes.copy(this.room);
    this.room.set(bytes, at);
    this.bytes = this.room.subarray(0, size);
  }
  async openSync({ mode = 'readwrite' } = {}) {
    if (this.handles > 0 && mode !== 'read-only') throw domError('NoModificationAllowedError');
    ++this.handles;
    ++this.storage.open;
    let open = true;
    return {
      read: (into, { at }) => this.bytes.copy(into, 0, at, at + into.length),
      write: (bytes, { at }) => { this.put(bytes, at); return bytes.length; },
      truncate: (size) => { const next = Buffer.alloc(size); this.bytes.copy(next, 0, 0, size); this.bytes = next; },
      getSize: () => this.bytes.length,
      flush() {},
      close: () => { if (open) { open = false; --this.handles; --this.storage.open; } },
    };
  }
  async createWritable({ keepExistingData = false } = {}) {
    const copy = new FakeFile({ ...this.storage, used: () => 0, quota: this.storage.quota, sync: false });
    if (keepExistingData) copy.bytes = this.bytes;
    return {
      write: async ({ position, data }) => copy.put(data, position),
      close: async () => { this.bytes = copy.bytes; },
      abort: async () => {},
    };
  }
}

/** Asserts that the promise is rejected with this code; returns the error. */
export async function rejectsWith(promise, code) {
  let error;
  try {
    await promise;
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error !== undefined, `expected ${code}, got no error`);
  assert.equal(error.code, code, `expected ${code}: ${error.stack}`);
  return error;
}

// A busy machine may need seconds for a piece, and a retry counts as a request.
export const quick = { backoff: 1, stallTimeout: 60_000 };
