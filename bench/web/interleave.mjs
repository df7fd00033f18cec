// Sinter and its peers in headless Chromium, in turn (A B C A B C), one process and one browser each:
//   node interleave.mjs OUT.jsonl --site SITE --models DIR --scripts DIR --packages DIR
//        [--shape S] [--rounds 2] [--only sinter,wllama,ort] [--devices wasm,webgpu] [--threads 2,1]
// SITE: the shape compiled with --target web -q q4. DIR of models: SHAPE.gguf, SHAPE.onnx (bench/models).
// scripts: where ort_web.mjs lies, which prints a line of the same form as sinter.mjs; packages: a
// folder where npm installed playwright-core, onnxruntime-web and @wllama/wllama. At the end, or with
// --summary OUT.jsonl alone, a table of medians; the first generation of each process is left out.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    site: { type: 'string' }, models: { type: 'string' }, scripts: { type: 'string' }, packages: { type: 'string' },
    shape: { type: 'string', default: 'S' }, rounds: { type: 'string', default: '2' }, only: { type: 'string', default: 'sinter,wllama,ort' },
    devices: { type: 'string', default: 'wasm,webgpu' }, threads: { type: 'string', default: '2,1' }, summary: { type: 'boolean', default: false },
  },
});
const [out] = positionals;
const { shape, scripts } = values;

/** What runs in a round: [script, arguments, environment]. */
function entries() {
  const devices = values.devices.split(',');
  const wanted = values.only.split(',');
  const list = [];
  const add = (name, ...entry) => wanted.includes(name) && list.push(entry);
  for (const threads of devices.includes('wasm') ? values.threads.split(',') : []) {
    add('sinter', path.join(here, 'sinter.mjs'), [values.site, shape, 'wasm', threads]);
    add('wllama', path.join(here, 'wllama.mjs'), [values.models, shape, threads]);
    add('ort', path.join(scripts ?? '', 'ort_web.mjs'), [values.models, shape, 'wasm', threads]);
  }
  if (devices.includes('webgpu')) {
    add('sinter', path.join(here, 'sinter.mjs'), [values.site, shape, 'webgpu', '1']);
    // Two generations: one takes five minutes.
    add('ort', path.join(scripts ?? '', 'ort_web.mjs'), [values.models, shape, 'webgpu', '1'], { REPS: '2', CAP_S: '700', DECODE: '6' });
  }
  return list;
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** A Markdown table of all lines of a file. */
function summarize(file) {
  const groups = new Map();
  for (const line of fs.readFileSync(file, 'utf8').trim().split('\n')) {
    const entry = JSON.parse(line);
    const key = `${entry.engine} | ${entry.config} | ${entry.threads}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  console.log("| engine | config | threads | prefill tok/s | decode tok/s | load s | memory, peak MiB | others' cores | processes |\n|---|---|---|---|---|---|---|---|---|");
  for (const [key, entries] of groups) {
    const failed = entries.filter((entry) => entry.error);
    const good = entries.filter((entry) => !entry.error);
    if (good.length === 0) {
      console.log(`| ${key} | ${failed[0].error} | | | | | ${failed.length} |`);
      continue;
    }
    const runs = good.flatMap((entry) => (entry.runs.length > 1 ? entry.runs.slice(1) : entry.runs));
    const column = (name) => {
      const list = runs.map((run) => run[name]).filter((value) => value > 0);
      const round = (value) => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3));
      return list.length ? `${round(median(list))} [${round(Math.min(...list))}-${round(Math.max(...list))}]` : '-';
    };
    const cores = good.map((entry) => entry.other_cores);
    console.log(`| ${key} | ${column('prefill')} | ${column('decode')} | ${(median(good.map((e) => e.load_ms)) / 1000).toFixed(1)} ` +
      `| ${Math.max(...good.map((e) => e.pss_peak_mib))} | ${Math.min(...cores)}-${Math.max(...cores)} | ${good.length} |`);
  }
}

if (!values.summary)
  for (let round = 0; round < Number(values.rounds); ++round)
    for (const [script, args, environment] of entries()) {
      const result = spawnSync(process.execPath, [script, ...args], { cwd: values.packages, encoding: 'utf8', env: { ...process.env, ...environment }, timeout: 900000 });
      const line = result.stdout.trim().split('\n').at(-1);
      if (line.startsWith('{')) fs.appendFileSync(out, `${line}\n`);
      console.error(`${path.basename(script)} ${args.slice(1).join(' ')}: ${line.slice(0, 160) || result.stderr.slice(-300)}`);
    }
summarize(out);
