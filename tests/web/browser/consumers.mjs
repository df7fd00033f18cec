// Applications that use the package: built with Vite, esbuild and Rollup, and a plain script tag. Each
// is served as its tool leaves it and must load a bundle in a worker, without any fault on the page.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, watchedPage } from '../support/browser.mjs';
import { serve } from '../support/server.mjs';
import { compileSite, temporaryFolder } from '../support/site.mjs';
import { need } from '../support/skip.mjs';

const site = compileSite();
const work = temporaryFolder('consumers');
const modules = path.join(work, 'node_modules');
fs.mkdirSync(modules);
fs.symlinkSync(site, path.join(modules, 'sinter-model'));
fs.writeFileSync(path.join(work, 'package.json'), '{"type": "module", "private": true}');
const app = `
import { load } from "sinter-model";
const show = (text) => (document.getElementById("out").textContent = text);
try {
  const engine = await load("/model/", { device: "wasm" });
  const reply = await engine.chat.completions.create({ messages: [{ role: "user", content: "Tell me a story." }], max_tokens: 8, temperature: 0 });
  show(JSON.stringify({ worker: engine.info.worker, threads: engine.info.threads, text: reply.choices[0].message.content }));
  await engine.dispose();
} catch (error) {
  show("failed: " + error.code + " " + error.message + "\\n" + error.stack);
}
`;
const html = (script) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'wasm-unsafe-eval'">
</head><body><pre id="out"></pre><script type="module" src="${script}"></script></body></html>`;

const builds = {
  async vite(folder) {
    const { build } = await need('vite');
    fs.writeFileSync(path.join(folder, 'app.js'), app);
    fs.writeFileSync(path.join(folder, 'index.html'), html('./app.js'));
    await build({ root: folder, logLevel: 'warn', configFile: false, build: { outDir: 'dist', target: 'es2022' }, worker: { format: 'es' } });
    return path.join(folder, 'dist');
  },
  async esbuild(folder) {
    const { build } = await need('esbuild');
    fs.writeFileSync(path.join(folder, 'app.js'), app);
    // The workers are entry points of their own, beside the application.
    const entryPoints = { app: path.join(folder, 'app.js'), worker: 'sinter-model/worker', thread: 'sinter-model/bundle/thread.js' };
    await build({ entryPoints, bundle: true, format: 'esm', target: 'es2022', outdir: path.join(folder, 'dist'), absWorkingDir: work, logLevel: 'warning' });
    fs.writeFileSync(path.join(folder, 'dist/index.html'), html('./app.js'));
    return path.join(folder, 'dist');
  },
  async rollup(folder) {
    const { rollup } = await need('rollup');
    fs.writeFileSync(path.join(folder, 'app.js'), app);
    const resolve = {
      name: 'package',
      resolveId: (id) => (id === 'sinter-model' ? path.join(fs.realpathSync(site), 'sinter.js') : null),
    };
    const bundle = await rollup({
      input: { app: path.join(folder, 'app.js'), worker: path.join(site, 'worker.js'), thread: path.join(site, 'thread.js') },
      plugins: [resolve], onwarn: (warning) => { throw new Error(warning.message); },
    });
    // No chunks in another folder: the workers are looked for beside the module that starts them.
    await bundle.write({ dir: path.join(folder, 'dist'), format: 'es', chunkFileNames: '[name]-[hash].js' });
    fs.writeFileSync(path.join(folder, 'dist/index.html'), html('./app.js'));
    return path.join(folder, 'dist');
  },
  async 'script tag'(folder) {
    fs.writeFileSync(path.join(folder, 'app.js'), app.replace('"sinter-model"', '"/model/sinter.js"'));
    fs.writeFileSync(path.join(folder, 'index.html'), html('./app.js'));
    return folder;
  },
};

const browser = await launch({ webgpu: false });
let text;
for (const [name, build] of Object.entries(builds)) {
  const folder = path.join(work, name);
  fs.mkdirSync(folder);
  const dist = await build(folder);
  fs.symlinkSync(site, path.join(dist, 'model'));
  for (const isolated of [false, true]) {
    const server = await serve(dist, { isolated });
    const context = await browser.newContext();
    const page = await watchedPage(context);
    await page.goto(server.url);
    await page.waitForFunction(() => document.getElementById('out').textContent !== '', undefined, { timeout: 60000 });
    const shown = await page.textContent('#out');
    console.log(`${name}${isolated ? ', isolated' : ''}: ${shown}`);
    const result = JSON.parse(shown);
    assert.equal(result.worker, true);
    assert.equal(result.threads > 1, isolated && (await page.evaluate(() => navigator.hardwareConcurrency)) > 1);
    text ??= result.text;
    assert.equal(result.text, text);
    assert.deepEqual(page.faults, []);
    await context.close();
    await server.close();
  }
}
await browser.close();
