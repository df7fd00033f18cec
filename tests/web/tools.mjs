// The tools every other web test stands on: the pinned packages, and a Chromium with a WebGPU adapter.
import assert from 'node:assert/strict';
import http from 'node:http';
import { launch } from './support/browser.mjs';
import { need } from './support/skip.mjs';

await need('typescript');
await need('playwright-core');

// navigator.gpu exists in secure contexts only: localhost is one, about:blank is not.
const server = http.createServer((_, response) => response.end('<title>tools</title>'));
await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
const browser = await launch();
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const adapter = await page.evaluate(async () => {
  const found = await navigator.gpu?.requestAdapter();
  return found ? { vendor: found.info.vendor, architecture: found.info.architecture } : null;
});
await browser.close();
server.close();
console.log(JSON.stringify(adapter));
assert.ok(adapter, 'Chromium offers no WebGPU adapter');
