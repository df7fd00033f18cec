// sinter serve: headers, ranges, entity tags, what it refuses, and how it ends.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { tool } from './support/skip.mjs';

const sinter = tool('sinter');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-serve-'));
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }));

const site = path.join(work, 'site');
fs.mkdirSync(path.join(site, 'weights'), { recursive: true });
const bytes = Buffer.from(Array.from({ length: 300000 }, (_, i) => (i * 31) & 255));
const files = {
  'manifest.json': '{}', 'index.html': '<title>t</title>', 'app.js': 'let x;', 'app.css': 'p{}',
  'runtime.wasm': '\0asm', 'weights/0.bin': bytes, '.secret': 'no', 'empty.bin': '',
};
for (const [name, data] of Object.entries(files)) fs.writeFileSync(path.join(site, name), data);
fs.writeFileSync(path.join(work, 'outside.txt'), 'outside');
fs.symlinkSync('../outside.txt', path.join(site, 'link.txt'));
fs.symlinkSync('app.js', path.join(site, 'inner.js'));

const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
/** A running server: {port, child}. */
async function start(...flags) {
  const child = spawn(sinter, ['serve', site, '--json', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return { child, ...JSON.parse(line) };
}

function get(port, target, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** The status line that a request target, sent as it is, gets. */
async function raw(port, target) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const chunks = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

const server = await start('--port', '0');
const ask = (target, options) => get(server.port, target, options);

// Types and the headers for threads.
for (const [name, type] of Object.entries({
  '/': 'text/html; charset=utf-8', '/app.js': 'text/javascript; charset=utf-8', '/inner.js': 'text/javascript; charset=utf-8',
  '/app.css': 'text/css; charset=utf-8', '/runtime.wasm': 'application/wasm',
  '/manifest.json': 'application/json; charset=utf-8', '/weights/0.bin': 'application/octet-stream',
})) {
  const reply = await ask(name);
  assert.equal(reply.status, 200, name);
  assert.equal(reply.headers['content-type'], type, name);
  assert.equal(reply.headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(reply.headers['cross-origin-embedder-policy'], 'require-corp');
  assert.equal(reply.headers['cache-control'], 'no-cache');
  assert.equal(reply.headers['accept-ranges'], 'bytes');
  assert.ok(reply.headers.etag, name);
}
const whole = await ask('/weights/0.bin', { headers: { 'Accept-Encoding': 'gzip, br' } });
assert.deepEqual(whole.body, bytes);
assert.equal(whole.headers['content-encoding'], undefined);
assert.equal((await ask('/empty.bin')).headers['content-length'], '0');
const head = await ask('/weights/0.bin', { method: 'HEAD' });
assert.equal(head.headers['content-length'], String(bytes.length));
assert.equal(head.body.length, 0);

// Ranges: [asked, status, first byte, past the last].
const size = bytes.length;
for (const [range, status, begin, end] of [
  ['bytes=0-0', 206, 0, 1], ['bytes=10-19', 206, 10, 20], [`bytes=${size - 1}-`, 206, size - 1, size],
  ['bytes=100-', 206, 100, size], ['bytes=-5', 206, size - 5, size], [`bytes=-${size + 9}`, 206, 0, size],
  [`bytes=0-${size + 9}`, 206, 0, size], ['bytes=5-4', null], [`bytes=${size}-`, 416], ['bytes=-0', 416],
  ['bytes=0-1,5-6', 200, 0, size], ['bytes=99999999999999999999999-', null],
]) {
  const reply = await ask('/weights/0.bin', { headers: { Range: range } });
  // What is no valid range may be refused or ignored, but never gives other bytes.
  if (status === null) {
    assert.ok(reply.status === 416 || (reply.status === 200 && reply.body.equals(bytes)), `${range}: ${reply.status}`);
    continue;
  }
  assert.equal(reply.status, status, range);
  if (status === 416) continue;
  assert.ok(reply.body.equals(bytes.subarray(begin, end)), range);
  if (status === 206) assert.equal(reply.headers['content-range'], `bytes ${begin}-${end - 1}/${size}`);
}

// Entity tags.
const tag = whole.headers.etag;
assert.equal((await ask('/weights/0.bin', { headers: { 'If-None-Match': tag } })).status, 304);
assert.equal((await ask('/weights/0.bin', { headers: { 'If-None-Match': '"x"' } })).status, 200);
assert.equal((await ask('/weights/0.bin', { headers: { Range: 'bytes=1-2', 'If-Range': tag } })).status, 206);
assert.equal((await ask('/weights/0.bin', { headers: { Range: 'bytes=1-2', 'If-Range': '"x"' } })).status, 200);
fs.utimesSync(path.join(site, 'weights/0.bin'), 1, 1);
assert.notEqual((await ask('/weights/0.bin')).headers.etag, tag);

// Nothing above the folder, nothing hidden, no foreign name.
for (const target of ['/../outside.txt', '/%2e%2e/outside.txt', '/..%2foutside.txt', '/link.txt', '/.secret', '/weights',
  '/weights/', '//app.js', '/app.js%00', '/..\\outside.txt', '/./app.js', '/nothing'])
  assert.match(await raw(server.port, target), /^HTTP\/1\.1 40[04] /, target);
assert.equal((await ask('/', { headers: { Host: 'evil.example' } })).status, 403);
assert.equal((await ask('/', { headers: { Host: 'localhost:1' } })).status, 200);
assert.notEqual((await ask('/', { method: 'POST' })).status, 200);

// A taken port is an error with a remedy; without --coop the two headers are gone.
const second = spawnSync(sinter, ['serve', site, '--port', String(server.port)], { encoding: 'utf8' });
assert.equal(second.status, 4);
assert.match(second.stderr, /port \d+ is taken.*--port 0/);
const plain = await start('--no-coop');
assert.equal((await get(plain.port, '/')).headers['cross-origin-opener-policy'], undefined);

// Ctrl-C, also with a connection kept open.
const idle = net.connect(server.port, '127.0.0.1');
await once(idle, 'connect');
idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
await once(idle, 'data');
for (const [running, signal] of [[server, 'SIGINT'], [plain, 'SIGTERM']]) {
  const begun = Date.now();
  running.child.kill(signal);
  const [code] = await once(running.child, 'exit');
  assert.equal(code, 0);
  assert.ok(Date.now() - begun < 2500, `${signal}: ${Date.now() - begun} ms`);
}
idle.destroy();

// What is no site.
fs.rmSync(path.join(site, 'index.html'));
const native = spawnSync(sinter, ['serve', site], { encoding: 'utf8' });
assert.equal(native.status, 3);
assert.match(native.stderr, /no page to serve: compile the model with --target web/);
assert.equal(spawnSync(sinter, ['serve', path.join(work, 'none')]).status, 1);
assert.equal(spawnSync(sinter, ['serve', work]).status, 1);
console.log('ok');
