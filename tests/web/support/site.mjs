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

/** When the newest file of a folder was written. */
function newest(folder) {
  const times = fs.readdirSync(folder, { recursive: true }).map((name) => fs.statSync(path.join(folder, name)).mtimeMs);
  return Math.max(...times);
}

/**
 * Compiles a model (default: the repository's own) for browsers; the folder, which nobody changes. It is
 * kept in the build folder until compiler or library are built anew. Skips where this build has no
 * target for browsers. $SINTER_SITE names a folder that is there already.
 */
export function compileSite({ name = 'tales', model = path.join(source, 'examples/tales/model'), target = 'web', flags = ['-q', 'q4'] } = {}) {
  if (process.env.SINTER_SITE && name === 'tales') return process.env.SINTER_SITE;
  const sinter = tool('sinter');
  const stamp = `${fs.statSync(sinter).mtimeMs} ${newest(webFolder())} ${model} ${target} ${flags.join(' ')}`;
  const sites = path.join(bin, '../web-sites');
  const out = path.join(sites, name);
  const note = `${out}.stamp`;
  if (fs.existsSync(out) && fs.existsSync(note) && fs.readFileSync(note, 'utf8') === stamp) return out;
  fs.mkdirSync(sites, { recursive: true });
  try {
    execFileSync(sinter, ['compile', model, '--target', target, ...flags, '-o', out, '--overwrite', '--quiet'], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (error.status === 3 || error.status === 2) skip(`no bundle for ${target}: ${error.stderr.trim()}`);
    throw error;
  }
  fs.writeFileSync(note, stamp);
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
  fs.cpSync(fs.realpathSync(web), folder, { recursive: true });
  fs.copyFileSync(path.join(testsWeb, 'browser/fake-engine.js'), path.join(folder, 'sinter.js'));
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map((name) => ({ path: name, size: fs.statSync(path.join(folder, name)).size, sha256: '0'.repeat(64) }));
  fs.writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ ...fakeManifest, files }));
  return folder;
}
