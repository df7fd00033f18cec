// Custom kernels in WGSL (docs/custom-kernels.md): examples/custom_kernel on the library in Node, on Dawn and SwiftShader, with
// the generated kernel's text; what Dawn finds wrong is an error of the compile; and generated kernels, given as files, agree
// with the reference evaluator, so that its inputs and comparisons are right for every kind of binding.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { dawn, library, scratch, tales } from './support/models.mjs';
import { source, testsWeb, tool } from './support/skip.mjs';

const gpu = await dawn();
process.env.NODE_PATH = path.join(testsWeb, 'node_modules');
const example = path.join(source, 'examples/custom_kernel/down.wgsl');

/** A compile of the model for software devices; the status must be `code`. Returns what was said. */
function compile(out, code, ...flags) {
  const { status, stderr } = spawnSync(tool('sinter'), ['compile', tales, '-q', 'q4', '--target', 'webgpu', '--variants', 'soft',
    '-o', path.join(scratch, out), ...flags], { encoding: 'utf8' });
  assert.equal(status, code, stderr);
  return stderr;
}

compile('generated', 0, '--dump-ir', path.join(scratch, 'ir'));
const described = (bundle) => JSON.parse(fs.readFileSync(path.join(scratch, bundle, 'kernels/webgpu/soft.json'), 'utf8')).kernels;
const kernels = described('generated');
const down = kernels.find(({ id }) => id.startsWith('linear_q4_0_f32_gemv__residual_192x512_')).id;

/** The example with a change, as a file. */
function changed(old, replacement) {
  const text = fs.readFileSync(example, 'utf8');
  assert.ok(text.includes(old), old);
  const file = path.join(scratch, 'down.wgsl');
  fs.writeFileSync(file, text.replace(old, replacement));
  return file;
}

test('the example: in the bundle as a file of its own, with the generated kernel\'s text', async () => {
  compile('own', 0, '--kernel', `${down}=${example}`);
  const kernel = described('own').find(({ id }) => id === down);
  assert.deepEqual([kernel.entry, kernel.items_per_group, kernel.group], ['down', 1, 128]);
  assert.equal(fs.readFileSync(path.join(scratch, 'own/kernels/webgpu', kernel.source), 'utf8'), fs.readFileSync(example, 'utf8'));
  const shared = fs.readFileSync(path.join(scratch, 'own/kernels/webgpu/soft.wgsl'), 'utf8');
  assert.ok(!shared.includes(`fn ${down}(`), 'the generated kernel is gone');
  const texts = [];
  for (const bundle of ['own', 'generated']) {
    const { load } = await library(path.join(scratch, bundle));
    const engine = await load(path.join(scratch, bundle), { device: 'webgpu', gpu });
    texts.push((await engine.generate({ prompt: 'Once upon a time', maxTokens: 24, temperature: 0 })).text);
    await engine.dispose();
  }
  assert.ok(texts[0].length > 40);
  assert.equal(texts[0], texts[1]);
});

test('what only a WGSL compiler or a run can find', () => {
  const refused = (old, replacement, pattern) =>
    assert.match(compile('refused', 1, '--kernel', `${down}=${changed(old, replacement)}`), pattern);
  refused('x2[n] + sum', 'x2[n] + total', /down\.wgsl:\d+: unresolved value 'total'/);
  refused('y[n] = ', 'x2[n] = 0.0; y[n] = ', /binding 2 .*is an input of the region, but written/);
  assert.ok(!fs.existsSync(path.join(scratch, 'refused')));
});

test('without Dawn: refused, unless it may stay unchecked', () => {
  const { NODE_PATH } = process.env;
  process.env.NODE_PATH = '';
  const said = spawnSync(tool('sinter'), ['compile', tales, '-q', 'q4', '--target', 'webgpu', '--variants', 'soft', '-o',
    path.join(scratch, 'none'), '--kernel', `${down}=${example}`], { encoding: 'utf8', cwd: scratch });
  assert.equal(said.status, 3);
  assert.match(said.stderr, /cannot be run here: the npm package "webgpu" is not installed .*; --unchecked-kernels leaves/);
  compile('unchecked', 0, '--kernel', `${down}=${example}`, '--unchecked-kernels');
  const manifest = JSON.parse(fs.readFileSync(path.join(scratch, 'unchecked/manifest.json'), 'utf8'));
  assert.equal(manifest.custom_kernels[0].checked, false);
  process.env.NODE_PATH = NODE_PATH;
});

test('generated kernels agree with the reference', () => {
  const flags = [];
  for (const beginning of ['embedding_', 'rope_append_', 'attention_f16_prefill', 'attention_f16_decode']) {
    const { id, items_per_group: items } = kernels.find((kernel) => kernel.id.startsWith(beginning));
    const file = path.join(scratch, `${id}.wgsl`);
    fs.writeFileSync(file, `// sinter: items_per_group ${items}\n`
      + fs.readFileSync(path.join(scratch, 'ir/kernels', `${id}.soft.wgsl`), 'utf8'));
    flags.push('--kernel', `${id}=${file}`);
  }
  const said = compile('same', 0, ...flags);
  assert.equal(said.match(/agrees with the reference/g).length, 4, said);
});
