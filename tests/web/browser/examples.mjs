// The JavaScript of README.md, docs/web-api.md and examples/web_chat as a newcomer would run it: copied as it stands
// into a page beside a compiled bundle.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { serve } from '../support/server.mjs';
import { compileSite, temporaryFolder } from '../support/site.mjs';
import { source } from '../support/skip.mjs';

const site = compileSite();
const root = temporaryFolder('examples');
fs.symlinkSync(site, path.join(root, 'site'));
fs.writeFileSync(path.join(root, 'favicon.ico'), ''); // what every server is asked for
const blocks = (file) => [...fs.readFileSync(path.join(source, file), 'utf8').matchAll(/^```js\n([\s\S]*?)^```/gm)].map((match) => match[1]);

/** A page of a block; what follows says when it is over. */
function page(name, code, after = '') {
  fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  fs.writeFileSync(path.join(root, name), `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"></head>
<body><output id="output"></output><script type="module">${code}${after}\nwindow.over = true;</script></body></html>`);
}

const [api, mediapipe, ...others] = blocks('docs/web-api.md');
assert.deepEqual(others, [], 'every block is run');
const [readme] = blocks('README.md');
// Beside the library, as the page says.
fs.mkdirSync(path.join(root, 'beside'));
for (const name of fs.readdirSync(site)) fs.symlinkSync(path.join(site, name), path.join(root, 'beside', name));
page('beside/api.html', api);
page('beside/mediapipe.html', mediapipe);
page('readme.html', readme, '\nfor await (const chunk of reply) output.append(chunk.choices[0]?.delta.content ?? "");');
fs.cpSync(path.join(source, 'examples/web_chat'), path.join(root, 'web_chat'), { recursive: true });
fs.symlinkSync(site, path.join(root, 'web_chat/model'));

const server = await serve(root);
const browser = await launch({ webgpu: false });
for (const [name, where] of [['beside/api.html', 'body'], ['beside/mediapipe.html', '#output'], ['readme.html', '#output']]) {
  const tab = await watchedPage(browser);
  await tab.goto(server.url + name);
  await tab.waitForFunction(() => window.over === true, undefined, { timeout: 60000 }).catch(() => assert.fail(`${name}: ${tab.faults.join('\n')}`));
  const text = await tab.locator(where).evaluate((element) => [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim());
  console.log(`${name}: ${text.slice(0, 60)}`);
  assert.ok(text.length > 20, name);
  assert.deepEqual(tab.faults, [], name);
  await tab.close();
}

const tab = await watchedPage(browser);
await tab.goto(`${server.url}web_chat/index.html`);
await tab.waitForSelector('#go:enabled', { timeout: 60000 });
await tab.click('#go');
await tab.waitForFunction(() => /tokens per second on wasm/.test(document.getElementById('status').textContent), undefined, { timeout: 60000 });
assert.match(await tab.textContent('#text'), /^Once upon a time[\s\S]{40}/);
assert.deepEqual(tab.faults, []);
await browser.close();
await server.close();
