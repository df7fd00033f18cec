// A static server for tests, with hooks for what real servers and networks do wrong.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.wasm': 'application/wasm', '.wgsl': 'text/plain',
};

/**
 * Serves a folder on loopback. `isolated`: with the headers for threads. `intercept(request, response,
 * path)`: true when it has answered itself; `path` is relative to the folder. The result has
 * `url`, `close()`, `requests` (a list of {path, range, bytes}: body bytes sent), and `root`.
 */
export async function serve(root, { isolated = false, intercept, port = 0 } = {}) {
  const requests = [];
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1) || 'index.html';
    const entry = { path: name, range: request.headers.range, bytes: 0 };
    requests.push(entry);
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (await intercept?.(request, response, name, entry)) return;
    sendFile(path.join(root, name), request, response, entry);
  });
  await new Promise((ok) => server.listen(port, '127.0.0.1', ok));
  const close = () => {
    server.closeAllConnections();
    return new Promise((ok) => server.close(ok));
  };
  return { root, requests, close, port: server.address().port, url: `http://127.0.0.1:${server.address().port}/` };
}

/** Answers with a file, whole or the range that was asked for. */
export function sendFile(file, request, response, entry = { bytes: 0 }) {
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) {
    response.statusCode = 404;
    return response.end('not found');
  }
  const { size, mtimeMs } = fs.statSync(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const begin = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(size, Number(range[2]) + 1) : size;
  response.setHeader('Content-Type', types[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', `"${size}-${mtimeMs}"`);
  if (begin >= size && size > 0) {
    response.statusCode = 416;
    response.setHeader('Content-Range', `bytes */${size}`);
    return response.end();
  }
  if (range) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${begin}-${end - 1}/${size}`);
  }
  response.setHeader('Content-Length', end - begin);
  if (request.method === 'HEAD' || size === 0) return response.end();
  const stream = fs.createReadStream(file, { start: begin, end: end - 1, highWaterMark: 1 << 16 });
  stream.on('data', (chunk) => (entry.bytes += chunk.length));
  return stream.pipe(response);
}
