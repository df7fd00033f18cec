// The chat page with a pretended engine: loading, cancelling, chatting, stopping, keyboard, settings,
// storage, errors, what a hostile reply may do, accessibility, and the page's own CSP.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { runTests } from '../support/run-tests.mjs';
import { fakeSite } from '../support/site.mjs';
import { libraryModules, need, testsWeb } from '../support/skip.mjs';
import { serve } from '../support/server.mjs';
import { payloads } from './payloads.mjs';

await need('axe-core');
const site = await serve(fakeSite());
const browser = await launch({ webgpu: false });
const axeSource = fs.readFileSync(path.join(testsWeb, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** A fresh page; fake: what the engine should do. */
async function open(fake = {}, options = {}) {
  const context = await browser.newContext(options);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await watchedPage(context);
  await page.addInitScript((given) => {
    globalThis.fake = given;
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  }, fake);
  await page.goto(site.url);
  return page;
}
const loaded = async (fake, options) => {
  const page = await open(fake, options);
  await page.click('#load');
  await page.waitForSelector('#composer-text:visible');
  return page;
};
const replies = (page) => page.locator('.message:not(.mine) .text');
const idle = (page) => page.waitForSelector('.message:not(.mine):not(.busy):last-child .tools button');
async function done(page, faults = []) {
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  assert.deepEqual(page.faults, faults);
  await page.context().close();
}
/** axe's findings: colours, roles, names, order of headings. */
async function checkAxe(page, where) {
  // Straight into the page's world: the page's own CSP lets no inline script in.
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const text = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  assert.deepEqual(text, [], where);
}

const tests = {
  async 'the card tells sizes before anything is loaded'() {
    const page = await open();
    await page.waitForSelector('#load:enabled');
    const facts = await page.textContent('#facts');
    assert.match(facts, /1\.77 million parameters/);
    assert.match(facts, /at most 1\.2 MB/);
    assert.match(facts, /512 tokens/);
    assert.equal(await page.title(), 'pretender \u2013 chat');
    await checkAxe(page, 'card');
    await done(page);
  },
  async 'progress, cancel, load again'() {
    const page = await open({ delay: 60, loadSteps: 40 });
    await page.click('#load');
    await page.waitForFunction(() => Number(document.getElementById('bar').getAttribute('aria-valuenow')) >= 10);
    assert.match(await page.textContent('#loading-detail'), /kB of 1\.2 MB \u00b7 1\.0 MB\/s \u00b7 \d+ s left/);
    assert.match(await page.getAttribute('#bar', 'aria-valuetext'), /Downloading, \d+ percent/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'cancel-load');
    await checkAxe(page, 'loading');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#load:visible');
    assert.equal(await page.isVisible('#fault'), false);
    await page.evaluate(() => (globalThis.fake.delay = 1));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#composer-text:visible');
    assert.match(await page.textContent('#badge-device'), /WebGPU soft/);
    await done(page);
  },
  async 'chat by keyboard: streamed, spoken by sentences, copied, regenerated'() {
    const page = await loaded({ delay: 30 });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'composer-text');
    await page.keyboard.type('Tell me');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('a story');
    await page.keyboard.press('Enter');
    const seen = new Set();
    while (await page.isVisible('#stop')) {
      seen.add(await replies(page).last().textContent());
      await page.waitForTimeout(20);
    }
    assert.ok(seen.size >= 4, `only ${seen.size} pictures of the text`);
    await idle(page);
    assert.equal(await page.textContent('.message.mine .text'), 'Tell me\na story');
    assert.equal(await replies(page).last().locator('em').textContent(), 'fox');
    assert.equal(await replies(page).last().locator('li').count(), 2);
    const spoken = await page.locator('#spoken p').allTextContents();
    assert.equal(spoken[0], 'Once upon a time there was a *fox*.');
    assert.ok(spoken.length >= 2 && spoken.length <= 5, JSON.stringify(spoken));
    assert.match(await page.textContent('#stats'), /12\.3 tokens\/s \u00b7 15 read at 150\/s .* context 29 of 512 \u00b7 memory 16\.8 MB \+ GPU 2\.0 MB/);
    await page.click('.tools button:has-text("Copy")');
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^Once upon a time there was a \*fox\*\./);
    await page.evaluate(() => (globalThis.fake.reply = 'Another one.'));
    await page.click('.regenerate');
    await page.waitForSelector('text=Another one.');
    await idle(page);
    assert.equal(await replies(page).count(), 1);
    await page.fill('#composer-text', 'And then?');
    await page.click('#send');
    await idle(page);
    const requests = await page.evaluate(() => globalThis.fake.requests);
    assert.deepEqual(requests.at(-1).messages.map((m) => m.role), ['user', 'assistant', 'user']);
    assert.equal(requests.at(-1).messages[1].content, 'Another one.');
    await checkAxe(page, 'chat');
    await page.click('#clear');
    assert.equal(await page.locator('.message').count(), 0);
    assert.equal(await page.evaluate(() => globalThis.fake.resets), 1);
    await done(page);
  },
  async 'stop with Escape and with the button; focus stays in the composer'() {
    const page = await loaded({ delay: 40, reply: 'word '.repeat(200) });
    for (const stop of [() => page.keyboard.press('Escape'), () => page.click('#stop')]) {
      await page.fill('#composer-text', 'go');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.message:last-child .text').textContent.length > 20);
      const begun = Date.now();
      await stop();
      await idle(page);
      assert.ok(Date.now() - begun < 1000);
      assert.match(await page.locator('.ending').last().textContent(), /Stopped/);
      assert.ok((await replies(page).last().textContent()).length < 900);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'composer-text');
    }
    await done(page);
  },
  async 'settings reach the request and last'() {
    const page = await loaded();
    await page.click('#open-settings');
    await checkAxe(page, 'settings');
    await page.fill('#set-temperature', '0.3');
    await page.fill('#set-topk', '7');
    await page.fill('#set-topp', '0.9');
    await page.fill('#set-seed', '42');
    await page.fill('#set-max', '33');
    await page.fill('#set-system', 'Be kind.');
    await page.click('#settings-form button[value=save]');
    await page.fill('#composer-text', 'hello');
    await page.keyboard.press('Enter');
    await idle(page);
    const [request] = await page.evaluate(() => globalThis.fake.requests);
    assert.deepEqual(request, {
      temperature: 0.3, topK: 7, topP: 0.9, seed: 42, maxTokens: 33,
      messages: [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'hello' }],
    });
    await page.reload();
    await page.click('#open-settings');
    assert.equal(await page.inputValue('#set-seed'), '42');
    await page.selectOption('#set-device', 'wasm');
    await page.click('#settings-form button[value=save]');
    await page.click('#load');
    await page.waitForSelector('#composer-text:visible');
    assert.equal(await page.evaluate(() => globalThis.fake.device), 'wasm');
    // Another device while the model is there: made anew, the conversation stays.
    await page.click('#open-settings');
    await page.selectOption('#set-device', 'auto');
    await page.click('#settings-form button[value=save]');
    await page.waitForFunction(() => globalThis.fake.device === 'auto');
    await page.waitForSelector('#composer-text:visible');
    assert.equal(await page.evaluate(() => globalThis.fake.disposed), 1);
    await done(page);
  },
  async 'storage: list, delete; what is here already loads at once'() {
    const page = await open({ cached: 1234567 });
    await page.waitForSelector('#composer-text:visible');
    await page.click('#open-cache');
    await page.waitForSelector('text=Delete');
    await checkAxe(page, 'storage');
    assert.match(await page.textContent('#cache-list'), /pretender \u2013 1\.2 MB/);
    await page.click('#cache-list button');
    await page.waitForSelector('text=Nothing is kept.');
    await page.keyboard.press('Escape');
    await done(page);
    const partly = await open({ cached: 400000 });
    await partly.waitForSelector('text=400.0 kB are here already');
    await done(partly);
  },
  async 'errors say cause and remedy, and can be tried again'() {
    const page = await open({ failLoad: 'LIMIT_EXCEEDED' });
    await page.click('#load');
    await page.waitForSelector('#fault:visible');
    assert.match(await page.textContent('#fault'), /too large for this device.*needs 256 MiB, the adapter allows 128 MiB.*Choose the processor/s);
    await checkAxe(page, 'error');
    await page.evaluate(() => (globalThis.fake.failLoad = ''));
    await page.click('#fault-retry');
    await page.waitForSelector('#composer-text:visible');
    await page.evaluate(() => (globalThis.fake.failReply = 'DEVICE_LOST'));
    await page.fill('#composer-text', 'x');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#fault:visible');
    assert.match(await page.textContent('#fault'), /graphics device was lost.*lost twice.*Try again/s);
    await page.evaluate(() => (globalThis.fake.failReply = ''));
    await page.click('#fault-retry');
    await page.waitForSelector('text=red.');
    await idle(page);
    assert.equal(await replies(page).count(), 1);
    await done(page);
  },
  async 'every error code has words of its own'() {
    const known = fs.readFileSync(path.join(libraryModules, 'errors.js'), 'utf8').match(/errorCodes = \[([^\]]*)\]/)[1].match(/"\w+"/g).map((c) => c.slice(1, -1));
    const faults = fs.readFileSync(path.join(site.root, 'page/faults.js'), 'utf8');
    // Codes that only a mistake of ours or a caller gives.
    const general = ['ABORTED', 'DISPOSED', 'NO_CHAT_TEMPLATE', 'INTERNAL'];
    assert.deepEqual(known.filter((code) => !faults.includes(`${code}:`) && !general.includes(code)), []);
  },
  async 'a hostile reply stays text'() {
    // Without the service worker, whose requests are none of the reply's.
    const page = await loaded({ delay: 0 }, { serviceWorkers: 'block' });
    await page.evaluate(() => (globalThis.owned = 0));
    const requestsBefore = site.requests.length;
    const { replyElements } = await page.evaluate(async () => ({ replyElements: (await import('/page/markdown.js')).replyElements }));
    for (const payload of payloads) {
      await page.evaluate((reply) => (globalThis.fake.reply = reply), payload);
      await page.fill('#composer-text', payload);
      await page.keyboard.press('Enter');
      await idle(page);
      const found = await page.evaluate(() => {
        const reply = [...document.querySelectorAll('.message:not(.mine) .text')].at(-1);
        const mine = [...document.querySelectorAll('.message.mine .text')].at(-1);
        return {
          names: [...reply.querySelectorAll('*')].map((e) => e.localName),
          attributes: [...reply.querySelectorAll('*')].flatMap((e) => e.getAttributeNames().filter((a) => !['href', 'target', 'rel', 'title', 'start'].includes(a))),
          links: [...reply.querySelectorAll('a')].map((a) => a.protocol),
          mineChildren: mine.childElementCount,
        };
      });
      assert.deepEqual(found.names.filter((name) => !replyElements.includes(name)), [], payload);
      assert.deepEqual(found.attributes, [], payload);
      assert.deepEqual(found.links.filter((p) => p !== 'https:' && p !== 'http:'), [], payload);
      assert.equal(found.mineChildren, 0, payload);
    }
    assert.equal(await page.evaluate(() => globalThis.owned), 0);
    assert.ok(payloads.length >= 30, `only ${payloads.length} payloads`);
    const asked = site.requests.slice(requestsBefore).map((r) => r.path).filter((p) => p !== 'page/markdown.js');
    assert.deepEqual(asked, []);
    await done(page);
  },
  async 'markdown as people expect it'() {
    const page = await loaded({ delay: 0 });
    const shown = async (reply) => {
      await page.evaluate((text) => (globalThis.fake.reply = text), reply);
      await page.fill('#composer-text', 'x');
      await page.keyboard.press('Enter');
      await idle(page);
      return replies(page).last().innerHTML();
    };
    for (const [text, html] of [
      ['one\ntwo\n\nthree', '<p>one\ntwo</p><p>three</p>'],
      ['# A `b`', '<h4>A <code>b</code></h4>'],
      ['```js\nlet a = "<b>";\n```\nafter', '<pre><code>let a = "&lt;b&gt;";</code></pre><p>after</p>'],
      ['```\nnot closed', '<pre><code>not closed</code></pre>'],
      ['**bold *and* more** __b__ _i_ ~~no~~', '<p><strong>bold <em>and</em> more</strong> <strong>b</strong> <em>i</em> <del>no</del></p>'],
      ['Here:\n- a\n  - b\n- c', '<p>Here:</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>'],
      ['3. x\n4. y', '<ol start="3"><li>x</li><li>y</li></ol>'],
      ['> said\n> so', '<blockquote><p>said\nso</p></blockquote>'],
      ['a | b\n--|--\n1 | 2', '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>'],
      ['2 * 3 * 4 and snake_case_name', '<p>2 * 3 * 4 and snake_case_name</p>'],
      ['---', '<hr>'],
    ])
      assert.equal(await shown(text), html, text);
    await done(page);
  },
  async 'dark, narrow and still'() {
    for (const options of [{ colorScheme: 'dark' }, { viewport: { width: 340, height: 600 } }, { reducedMotion: 'reduce' }]) {
      const page = await loaded({ reply: '# Title\n\nText with [a link](https://example.org) and `code`.\n\n> quote\n\n| a | b |\n|---|---|\n| 1 | 2 |' }, options);
      await page.fill('#composer-text', 'x');
      await page.keyboard.press('Enter');
      await idle(page);
      await checkAxe(page, JSON.stringify(options));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, 'the page scrolls sideways');
      await done(page);
    }
  },
  async 'the page opens without a network afterwards'() {
    const page = await open();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.context().setOffline(true);
    await page.reload();
    await page.waitForSelector('#load:enabled');
    assert.equal(await page.textContent('#badge-network'), 'offline');
    // The worker's replies carry the headers for threads, whatever the server sends.
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    await page.context().close();
  },
};

const passed = await runTests(tests);
await browser.close();
await site.close();
process.exit(passed ? 0 : 1);
