// The WGSL of a real bundle: every variant is valid with the features the manifest asks for and
// WebGPU's default limits, every kernel makes a pipeline, and <variant>.json says of the bindings
// what the shader says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { source, tool } from './support/skip.mjs';
import { validate } from './support/wgsl.mjs';

const sinter = tool('sinter');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sinter-wgsl-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const bundle = path.join(folder, 'bundle'), dump = path.join(folder, 'dump');
execFileSync(sinter, ['compile', path.join(source, 'examples/tales/model'), '--target', 'webgpu', '-q', 'q4',
  '-o', bundle, '--overwrite', '--quiet', '--dump-ir', dump], { stdio: 'inherit' });

const manifest = JSON.parse(fs.readFileSync(path.join(bundle, 'manifest.json'), 'utf8'));
// A variant that asks for nothing is only a name.
const variants = manifest.targets.webgpu.variants.map((variant) =>
  (typeof variant === 'string' ? { name: variant, features: [] } : { features: [], ...variant }));
assert.deepEqual(variants.map((variant) => variant.name), ['soft', 'dot', 'f16', 'f32']);
for (const variant of variants) {
  const { name } = variant;
  const count = await validate(bundle, variant, (kernel, index, code) => {
    const declared = [...code.matchAll(
      new RegExp(`@binding\\((\\d+)\\) var<storage, (read|read_write)> k${index}_`, 'g'))];
    assert.deepEqual(declared.map((found) => found[2]), kernel.bindings, kernel.id);
    assert.ok(kernel.bindings.length <= 8, `${kernel.id} has more bindings than every device allows`);
    assert.ok(kernel.items_per_group >= 1);
    // Each kernel alone, for whoever tunes it.
    assert.match(fs.readFileSync(path.join(dump, 'kernels', `${kernel.id}.${name}.wgsl`), 'utf8'),
      new RegExp(`fn ${kernel.id}\\(`));
    if (name !== 'soft') return;
    assert.equal(kernel.shared_bytes, 0, kernel.id);
    assert.doesNotMatch(code, /workgroupBarrier|var<workgroup>|subgroup/);
  });
  console.log(`${name}: ${count} kernels`);
}
process.exit(0); // Dawn's objects would keep the process alive
