// What single WGSL operations and forms of a matrix-vector product cost on an adapter, by default
// Chromium's SwiftShader. Figures and conclusions: docs/measurements/webgpu.md.
//   node bench/web/wgsl-patterns.mjs [ops|gemv|gemm] [NAME,NAME...] [dawn option ...]
// On a software adapter the time is CPU time of this process, the least of several runs, so that
// other load disturbs little; on a GPU take wall time: --wall.
import { need } from '../../tests/web/support/skip.mjs';

process.env.VK_ICD_FILENAMES ??= '/usr/lib/chromium/vk_swiftshader_icd.json';
const { create, globals } = await need('webgpu');
Object.assign(globalThis, globals);

const wall = process.argv.includes('--wall');
const [what = 'ops', names = '', ...options] = process.argv.slice(2).filter((word) => word !== '--wall');
const wanted = (name) => !names || names.split(',').includes(name);

const gpu = create(options);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('no adapter');
const features = ['subgroups'].filter((feature) => adapter.features.has(feature));
const device = await adapter.requestDevice({ requiredFeatures: features });
device.addEventListener('uncapturederror', (event) => { throw new Error(event.error.message); });

/** Milliseconds of `groups` workgroups, the least of 10 runs. */
async function measure(code, sizes, groups) {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM;
  const buffers = sizes.map((size) => device.createBuffer({ size, usage }));
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  let best = Infinity;
  for (let run = 0; run < 10; ++run) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...[groups].flat());
    pass.end();
    const commands = encoder.finish();
    const start = performance.now(), cpu = process.cpuUsage();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    const used = process.cpuUsage(cpu);
    best = Math.min(best, wall ? performance.now() - start : (used.user + used.system) / 1000);
  }
  for (const buffer of buffers) buffer.destroy();
  return best;
}

//===-- Single operations: 16 copies of a statement in a loop, 64 lanes --------------------------===//

const SUBGROUPS = 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);';
const storage = (type) => `@group(0) @binding(3) var<storage, read> z: ${type};`;
const ops = {
  mul_add: { text: 'a = a * 0.99f + 0.5f;' },
  fma: { text: 'a = fma(a, 0.99f, 0.5f);' },
  and_xor: { text: 'n = (n & 0xfff0u) ^ 0x123u;' },
  shift_xor: { text: 'n = (n >> 1u) ^ 0x123u;' },
  imul_add: { text: 'n = n * 77u + 3u;' },
  mod_16: { text: 'n = (n + 5u) % 16u;' },
  div_16: { text: 'n = (n + 500u) / 16u;' },
  div_3: { text: 'n = (n + 500u) / 3u;' },
  and_i32_to_f32_add: { text: 'a = a + f32(bitcast<i32>(bitcast<u32>(a) & 15u));' },
  and_u32_to_f32_add: { text: 'a = a + f32(bitcast<u32>(a) & 15u);' },
  min_u32_add: { text: 'n = min(n + 1u, 500u);' },
  max_f32_mul: { text: 'a = max(a * 0.5f, 0.1f);' },
  select_mul_less: { text: 'a = select(a * 0.5f, 2.0f, a < 1.0f);' },
  div_f32_add: { text: 'a = 3.0f / (a + 1.0f);' },
  sqrt_add: { text: 'a = sqrt(a + 1.0f);' },
  inverse_sqrt_add: { text: 'a = inverseSqrt(a + 1.0f);' },
  exp_mul: { text: 'a = exp(a * -0.1f);' },
  unpack_f16_add_add: { text: 'let p$ = unpack2x16float(n + $u); a = a + p$.x + p$.y;' },
  pack_f16: { text: 'n = pack2x16float(vec2<f32>(a, a + 1.0f)); a = a + f32(n & 3u);' },
  dot4_i8_packed_add: { text: 'n = bitcast<u32>(dot4I8Packed(n, 0x01020304u)) + n;' },
  load_same_add: { text: 'a = a + x[i + $u];' },
  load_neighbours_add: { text: 'a = a + x[i + lane + $u];' },
  load_constant_index_add: { text: 'a = a + x[$u];' },
  load_runtime_sized_add: { text: 'a = a + z[i + $u];', declare: storage('array<f32>') },
  load_vec4_dot: { text: 'a = a + dot(z[i + $u], vec4<f32>(1.0f));', declare: storage('array<vec4<f32>, 4096>') },
  load_uniform_add: { text: 'a = a + z[i + $u].x;',
    declare: '@group(0) @binding(3) var<uniform> z: array<vec4<f32>, 4096>;' },
  store: { text: 'y[i + lane] = a;' },
  private_store_load: { text: 's[(i + $u) & 63u] = a; a = a + s[(i + 3u) & 63u];', before: 'var s: array<f32, 64>;' },
  private_constant_index: { text: 's[$] = a; a = a + s[$ + 1];', before: 'var s: array<f32, 64>;' },
  branch: { text: 'if (a < 100.0f) { a = a + 1.0f; }' },
  loop_of_4: { text: 'for (var j$ = 0u; j$ < 4u; j$ += 1u) { a = a + 1.0f; }' },
  quad_broadcast_add: { text: 'a = a + quadBroadcast(a, 1u);', declare: SUBGROUPS },
  subgroup_broadcast_add: { text: 'a = a + subgroupBroadcast(a, 1u);', declare: SUBGROUPS },
  subgroup_add: { text: 'a = subgroupAdd(a) * 0.2f;', declare: SUBGROUPS },
  barrier: { text: 'workgroupBarrier();', copies: 1 },
};

async function measureOps() {
  const rounds = 1000, groups = 32, lanes = 64;
  const shader = ({ text, declare = '', before = '', copies = 16 }) => `${declare}
@group(0) @binding(0) var<storage, read> x: array<f32, 4096>;
@group(0) @binding(1) var<storage, read> w: array<u32, 4096>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${before}
  var a = f32(lane);
  var n = lane;
  for (var i = 0u; i < ${rounds}u; i += 1u) {
${Array.from({ length: copies }, (_, copy) => text.replaceAll('$', copy)).join('\n')}
  }
  y[group.x * ${lanes}u + lane] = a + f32(n) + x[0] + f32(w[0]);
}`;
  const sizes = ({ declare = '' }) => [65536, 65536, 1 << 20, ...(declare.includes('binding(3)') ? [65536] : [])];
  const empty = await measure(shader({ text: '' }), sizes({}), groups);
  for (const [name, op] of Object.entries(ops)) {
    if (!wanted(name)) continue;
    const time = await measure(shader(op), sizes(op), groups);
    const each = ((time - empty) * 1e6) / ((rounds * groups * lanes * (op.copies ?? 16)) / 4);
    console.log(`${name.padEnd(26)} ${each.toFixed(1).padStart(7)} ns for 4 lanes`);
  }
}

//===-- 4-bit weights times a vector, 8192 x 2048 ------------------------------------------------===//

const gemvs = {
  rows_1_runtime_sized: { rows: 1, sized: false },
  rows_1: { rows: 1 },
  rows_2: { rows: 2 },
  rows_4: { rows: 4 },
  rows_4_runtime_sized: { rows: 4, sized: false },
  rows_4_fma: { rows: 4, fma: true },
  rows_4_unrolled_2: { rows: 4, unroll: 2 },
  rows_4_unrolled_4: { rows: 4, unroll: 4 },
  rows_8: { rows: 8 },
  rows_8_group_16: { rows: 8, lanes: 16 },
  rows_16: { rows: 16 },
  rows_4_quad_broadcast: { rows: 4, broadcast: true },
};

async function measureGemvs() {
  const N = 8192, K = 2048;
  const shader = ({ rows, sized = true, fma = false, unroll = 1, broadcast = false, lanes = 64 }) => {
    const each = Array.from({ length: rows }, (_, row) => row);
    let body = '';
    for (let u = 0; u < unroll; ++u) {
      for (const r of each) body += `    let w${u}_${r} = w[base${r} + (k + ${u}u) * 64u];\n`;
      if (broadcast)
        for (const half of [0, 4]) body += `    let x${u}_${half}s = x[(k + ${u}u) * 8u + ${half}u + sub];\n`;
      for (let j = 0; j < 8; ++j) {
        body += broadcast ? `    let x${u}_${j} = quadBroadcast(x${u}_${j & 4}s, ${j & 3}u);\n`
          : `    let x${u}_${j} = x[(k + ${u}u) * 8u + ${j}u];\n`;
        for (const r of each) {
          const number = `f32(bitcast<i32>(w${u}_${r} & 0x${((15 << (4 * j)) >>> 0).toString(16)}u))`;
          body += fma ? `    acc${r} = fma(${number}, x${u}_${j}, acc${r});\n`
            : `    acc${r} = acc${r} + ${number} * x${u}_${j};\n`;
        }
      }
    }
    const row = (r) => `(group.x * ${rows}u + ${r}u) * 64u + part`;
    return `${broadcast ? SUBGROUPS : ''}
@group(0) @binding(0) var<storage, read> w: array<u32${sized ? `, ${(N * K) / 8}` : ''}>;
@group(0) @binding(1) var<storage, read> x: array<f32${sized ? `, ${K}` : ''}>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32${
  broadcast ? ', @builtin(subgroup_invocation_id) sub: u32' : ''}) {
  let part = lane + group.y * ${lanes}u;
${each.map((r) => `  let base${r} = (group.x * ${rows}u + ${r}u) * ${(K / 8) * 64}u + part;\n  var acc${r} = 0.0f;`).join('\n')}
  for (var k = 0u; k < ${K / 8}u; k += ${unroll}u) {
${body}  }
${each.map((r) => `  y[${row(r)}] = acc${r};`).join('\n')}
}`;
  };
  for (const [name, form] of Object.entries(gemvs)) {
    if (!wanted(name)) continue;
    // Where a group has fewer lanes only a part of the rows is computed.
    const share = (form.lanes ?? 64) / 64;
    const time = await measure(shader(form), [(N * K) / 2, K * 4, N * 4], N / 64 / form.rows);
    const rate = (N * K * share) / time / 1e6;
    console.log(`${name.padEnd(26)} ${rate.toFixed(2).padStart(6)} G weights per second${wall ? '' : ' of one core'}`);
  }
}

//===-- The same for several tokens: 1024 x 768 weights, 64 tokens -------------------------------===//

async function measureGemms() {
  const N = 1024, K = 768, T = 64;
  const count = (n) => Array.from({ length: n }, (_, i) => i);
  const number = (r, j) => `f32(bitcast<i32>(w${r} & 0x${((15 << (4 * j)) >>> 0).toString(16)}u))`;
  const shader = (rows, tokens, bySum) => {
    const x = (t, j) => `let x${t}_${j} = x[x${t} + k * 8u + ${j}u];`;
    const numbers = (j) => count(rows).map((r) => `let n${r}_${j} = ${number(r, j)};`);
    const sum = (r, t, columns) => `acc${r}_${t} = acc${r}_${t} + ${
      columns.map((j) => `n${r}_${j} * x${t}_${j}`).join(' + ')};`;
    const body = bySum
      ? [...count(8).flatMap(numbers), ...count(tokens).flatMap((t) => [
        ...count(8).map((j) => x(t, j)), ...count(rows).map((r) => sum(r, t, count(8)))])]
      : count(8).flatMap((j) => [...numbers(j), ...count(tokens).flatMap((t) => [
        x(t, j), ...count(rows).map((r) => sum(r, t, [j]))])]);
    const sums = count(rows).flatMap((r) => count(tokens).map((t) => [r, t]));
    return `
@group(0) @binding(0) var<storage, read> w: array<u32, ${(N * K) / 8}>;
@group(0) @binding(1) var<storage, read> x: array<f32, ${T * K}>;
@group(0) @binding(2) var<storage, read_write> y: array<f32, ${N * T}>;
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
${count(rows).map((r) => `  let base${r} = (group.x * ${rows}u + ${r}u) * ${(K / 8) * 16}u + lane;`).join('\n')}
${count(tokens).map((t) => `  let x${t} = (group.y * ${tokens}u + ${t}u) * ${K}u;`).join('\n')}
${sums.map(([r, t]) => `  var acc${r}_${t} = 0.0f;`).join('\n')}
  for (var k = 0u; k < ${K / 8}u; k += 1u) {
${count(rows).map((r) => `    let w${r} = w[base${r} + k * 16u];`).join('\n')}
${body.map((line) => `    ${line}`).join('\n')}
  }
${sums.map(([r, t]) => `  y[(group.y * ${tokens}u + ${t}u) * ${N}u + (group.x * ${rows}u + ${r}u) * 16u + lane] = acc${r}_${t};`).join('\n')}
}`;
  };
  for (const [rows, tokens] of [[4, 2], [4, 4], [8, 2], [8, 4], [8, 8], [16, 2], [16, 4], [16, 8]])
    for (const bySum of [false, true]) {
      const name = `${rows}x${tokens}_by_${bySum ? 'sum' : 'column'}`;
      if (!wanted(name)) continue;
      const time = await measure(shader(rows, tokens, bySum), [(N * K) / 2, T * K * 4, N * T * 4],
        [N / 16 / rows, T / tokens]);
      const rate = (N * K * T) / time / 1e6;
      console.log(`${name.padEnd(26)} ${rate.toFixed(2).padStart(6)} G multiply-adds per second${wall ? '' : ' of one core'}`);
    }
}

console.log(`${adapter.info.vendor} ${adapter.info.architecture} ${adapter.info.description}`);
await { ops: measureOps, gemv: measureGemvs, gemm: measureGemms }[what]();
process.exit(0); // Dawn's objects would keep the process alive
