// The web bundle as an npm package: publint and attw find nothing, strict TypeScript consumers compile,
// nothing is depended upon, and library, page and runtime stay below 300 KB compressed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { temporaryFolder, webFolder } from './support/site.mjs';
import { need, testsWeb } from './support/skip.mjs';

for (const name of ['publint', '@arethetypeswrong/cli', 'typescript']) await needInstalled(name);
async function needInstalled(name) {
  // Command line tools: there, but nothing to import.
  if (!fs.existsSync(path.join(testsWeb, 'node_modules', name))) await need(name);
}

const work = temporaryFolder('package');
const modules = path.join(work, 'node_modules');
const folder = path.join(modules, 'sinter-model');
fs.cpSync(webFolder(), folder, { recursive: true });

/** Runs a tool of node_modules; its output when it fails. */
function run(script, args, cwd = work) {
  const result = spawnSync(process.execPath, [path.join(testsWeb, 'node_modules', script), ...args], { cwd, encoding: 'utf8' });
  assert.equal(result.status, 0, `${script} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}
const binOf = (name, which = name) => {
  const { bin } = JSON.parse(fs.readFileSync(path.join(testsWeb, 'node_modules', name, 'package.json'), 'utf8'));
  return path.join(name, typeof bin === 'string' ? bin : bin[which]);
};

const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) assert.equal(manifest[kind], undefined, kind);

run(binOf('publint'), [folder, '--strict']);
run(binOf('@arethetypeswrong/cli', 'attw'), ['--pack', folder, '--profile', 'esm-only']);
console.log('publint and attw: clean');

// Types as a strict consumer sees them; a wrong use must be an error.
fs.writeFileSync(path.join(work, 'package.json'), '{"type": "module"}');
fs.writeFileSync(path.join(work, 'use.ts'), `
import { load, listCached, SinterError, type Engine, type Progress } from "sinter-model";
const engine: Engine = await load("./model/", { device: "auto", onProgress: (p: Progress) => void p.loadedBytes });
const stream = await engine.chat.completions.create({ messages: [{ role: "user", content: "x" }], stream: true });
for await (const chunk of stream) { const text: string | undefined = chunk.choices[0]?.delta.content; void text; }
const whole = await engine.chat.completions.create({ messages: [{ role: "user", content: "x" }] });
const text: string = whole.choices[0]!.message.content; void text;
try { await engine.generate({ prompt: "x" }, { signal: AbortSignal.timeout(5) }); }
catch (error) { if (error instanceof SinterError && error.code === "ABORTED") await listCached(); }
// @ts-expect-error a device that does not exist
await load("./", { device: "tpu" });
// @ts-expect-error not a number
await engine.generate({ prompt: "x", maxTokens: "5" });
`);
for (const [module, resolution] of [['esnext', 'bundler'], ['nodenext', 'nodenext']])
  run(binOf('typescript', 'tsc'), ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable,dom.asynciterable',
    '--types', '', '--module', module, '--moduleResolution', resolution, 'use.ts']);
console.log('types: strict consumers compile');

// Size, as a server that compresses sends it.
let bytes = 0;
const counted = fs.readdirSync(folder, { recursive: true }).filter((name) => /\.(js|css|html)$|^runtime\/sinter\.wasm$/.test(name));
for (const name of counted) bytes += zlib.gzipSync(fs.readFileSync(path.join(folder, name)), { level: 9 }).length;
console.log(`size: ${counted.length} files, ${bytes} bytes compressed`);
assert.ok(bytes <= 300_000, `${bytes} bytes`);
