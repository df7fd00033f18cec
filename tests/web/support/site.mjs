// Folders to serve: real bundles, and the page with an engine that only pretends.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bin, skip, source, testsWeb, tool } from './skip.mjs';

/** The built library and page (share/sinter/web), or skips. */
export function webFolder() {
  const folder = process.env.SINTER_WEB ?? path.join(bin, '../share/sinter/web');
  if (!fs.existsSync(path.join(folder, 'sinter.js')) || !fs.existsSync(path.join(folder, 'index.html')))
    skip(`the web library is not built (${folder}); it needs npm's tools (./dev test)`);
  return folder;
}

/** A folder that is deleted when the process ends. */
export function temporaryFolder(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `sinter-${name}-`));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Compiles a model (default: the repository's own) for browsers into a temporary folder. Skips where
 * this build has no target for them. $SINTER_SITE names a folder that is there already.
 */
export function compileSite({ model = path.join(source, 'examples/tales/model'), target = 'web', flags = ['-q', 'q4'] } = {}) {
  if (process.env.SINTER_SITE) return process.env.SINTER_SITE;
  webFolder();
  const out = path.join(temporaryFolder('site'), 'site');
  try {
    execFileSync(tool('sinter'), ['compile', model, '--target', target, ...flags, '-o', out, '--quiet'], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (error.status === 3 || error.status === 2) skip(`no bundle for ${target}: ${error.stderr.trim()}`);
    throw error;
  }
  return out;
}

const fakeManifest = {
  format: 'sinter-bundle', version: [1, 0], generator: 'test', abi_version: 1, name: 'pretender', prefix: 'pretender',
  model: { architecture: 'llama', parameters: 1769856, context: 512, vocab_size: 1024, quantization: 'q4', bits_per_weight: 4.6 },
  targets: { webgpu: { variants: [], arena: 1000, state: 1000 }, wasm: { variants: [], arena: 1000, state: 1000 } },
  bytes: { download: 1234567, weights: 0, arena: 300000, state: 200000 }, sampling: {}, chat_template: 'x',
};

/** The page with tests/web/browser/fake-engine.js in the place of sinter.js. */
export function fakeSite() {
  const folder = temporaryFolder('page');
  const web = webFolder();
  fs.cpSync(web, folder, { recursive: true });
  fs.copyFileSync(path.join(testsWeb, 'browser/fake-engine.js'), path.join(folder, 'sinter.js'));
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map((name) => ({ path: name, size: fs.statSync(path.join(folder, name)).size, sha256: '0'.repeat(64) }));
  fs.writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ ...fakeManifest, files }));
  return folder;
}
