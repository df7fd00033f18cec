// The repository's own model in the page that the compiler wrote, served by `sinter serve`: type a
// message, see text stream, stop it, reload without a network, chat again; on wasm and on WebGPU. With
// SCREENSHOTS=FOLDER pictures of the page are written (docs/images).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { compileSite } from '../support/site.mjs';
import { tool } from '../support/skip.mjs';

const site = compileSite();
const pictures = process.env.SCREENSHOTS;
const server = spawn(tool('sinter'), ['serve', site, '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => server.kill());
const { url } = JSON.parse(String((await once(server.stdout, 'data'))[0]));
const browser = await launch();

const shot = (page, name) => pictures && page.screenshot({ path: path.join(pictures, `${name}.png`) });
const lastReply = (page) => page.locator('.message:not(.mine) .text').last();
const idle = (page) => page.waitForSelector('.message:not(.mine):not(.busy):last-child .tools button', { timeout: 120000 });
async function ask(page, question) {
  await page.fill('#composer-text', question);
  await page.keyboard.press('Enter');
}

/** The whole story on one device; what the badge must say. */
async function story(device, badge) {
  const context = await browser.newContext({ viewport: { width: 760, height: 620 }, colorScheme: device === 'webgpu' ? 'dark' : 'light' });
  const page = await watchedPage(context);
  await page.addInitScript((chosen) => {
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(event.violatedDirective));
    // Greedy and of a fixed length, for replies that can be compared.
    localStorage.setItem('sinter-settings', JSON.stringify({ temperature: 0, device: chosen }));
  }, device);
  await page.goto(url);
  await page.waitForSelector('#load:enabled');
  if (device === 'auto') await shot(page, 'card');
  await page.click('#load');
  await page.waitForSelector('#composer-text:visible, #fault:visible', { timeout: 180000 });
  assert.equal(await page.isVisible('#fault') && await page.textContent('#fault'), false);
  assert.match(await page.textContent('#badge-device'), badge);

  // Streamed: several states of the text are drawn.
  await page.evaluate(() => {
    globalThis.states = new Set();
    const list = document.getElementById('messages');
    new MutationObserver(() => globalThis.states.add(list.lastElementChild?.querySelector('.text')?.textContent)).observe(list, { childList: true, subtree: true, characterData: true });
  });
  await ask(page, 'Tell me a story about a fox.');
  await idle(page);
  const reply = await lastReply(page).textContent();
  const states = await page.evaluate(() => globalThis.states.size);
  assert.ok(reply.split(/\s+/).length >= 20, reply);
  // None, a part, all: a fast machine draws few of them.
  assert.ok(states >= 3, `${states} states drawn`);
  const stats = await page.textContent('#stats');
  console.log(`${device}: ${await page.textContent('#badge-device')}: ${stats}\n  ${reply}`);
  assert.match(stats, /tokens\/s .* context \d+ of 512/);

  // Stop in the middle; the engine goes on with the next message.
  // A fast machine may be done before the key is pressed: a few tries.
  for (let tries = 0; ; ++tries) {
    await page.click('#clear');
    await ask(page, 'Tell me a long story about a bird.');
    await page.waitForFunction(() => (document.querySelector('.message:not(.mine) .text')?.textContent.length ?? 0) > 5);
    await page.keyboard.press('Escape');
    await idle(page);
    if (await page.locator('.ending').count()) break;
    assert.ok(tries < 8, 'no reply could be stopped');
  }
  assert.match(await page.locator('.ending').last().textContent(), /Stopped/);
  await page.click('.regenerate');
  await idle(page);
  assert.ok((await lastReply(page).textContent()).length > 40);
  await shot(page, device === 'webgpu' ? 'chat-dark' : 'chat');

  // Without a network: the page, the library and the model are all here.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await context.setOffline(true);
  await page.reload();
  await page.waitForSelector('#composer-text:visible, #fault:visible', { timeout: 180000 });
  assert.equal(await page.isVisible('#fault') && await page.textContent('#fault'), false);
  assert.equal(await page.textContent('#badge-network'), 'offline');
  await ask(page, 'Tell me a story about a fox.');
  await idle(page);
  assert.equal(await lastReply(page).textContent(), reply);
  await page.click('#open-cache');
  await page.waitForSelector('#cache-list button');
  if (device === 'auto') await shot(page, 'storage');
  assert.match(await page.textContent('#cache-list'), /\d MB/);
  await page.keyboard.press('Escape');
  if (device === 'auto') {
    await page.click('#open-settings');
    await shot(page, 'settings');
    await page.keyboard.press('Escape');
  }
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  const faults = page.faults.filter((fault) => !fault.includes('ERR_INTERNET_DISCONNECTED'));
  assert.deepEqual(faults, []);
  await context.close();
  return reply;
}

const only = process.argv[2];
if (!only || only === 'auto') await story('auto', /processor/);
if (!only || only === 'webgpu') await story('webgpu', /WebGPU/);
await browser.close();
server.kill('SIGINT');
const [code] = await once(server, 'exit');
assert.equal(code, 0, 'sinter serve ends well');
