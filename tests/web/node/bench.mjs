// bench.mjs BUNDLE [--variant relaxed] [--threads 2] [-p 128] [-n 32] [-r 5] [--profile]: prefill and decode speed of the
// wasm target in this Node; the best of r runs, as JSON. --profile: time per kernel and entry (one run).
import { parseArgs } from 'node:util';
import { runtimeFile } from './bundles.mjs';
import { enableRelaxed } from './flags.mjs';
import { Runtime, Session } from './runtime.mjs';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: {
  variant: { type: 'string', default: 'relaxed' }, threads: { type: 'string', default: '1' },
  p: { type: 'string', short: 'p', default: '128' }, n: { type: 'string', short: 'n', default: '32' },
  r: { type: 'string', short: 'r', default: '5' }, profile: { type: 'boolean', default: false },
} });
const threads = Number(options.threads), prompt = Number(options.p), decoded = Number(options.n);
if (options.variant === 'relaxed' && !enableRelaxed()) throw new Error('no relaxed SIMD here');
const runtime = new Runtime(runtimeFile(threads > 1), { threads: threads > 1 });
const model = runtime.open(positionals[0], { variant: options.variant, threads });
const tokens = Array.from({ length: prompt }, (_, i) => (i * 7919) % model.table.vocabSize);

function once(profile) {
  const session = new Session(model, { profile });
  const begin = performance.now();
  session.prefill(tokens);
  let token = session.greedy();
  const middle = performance.now();
  for (let i = 0; i < decoded; ++i) {
    session.decode(token);
    token = session.greedy();
  }
  const end = performance.now();
  return { session, prefill: prompt / (middle - begin) * 1e3, decode: decoded / (end - middle) * 1e3 };
}

/** Prints rows of sinter_session_profile, summed by entry and kernel. */
function report(session) {
  const sums = new Map();
  // The callback has to be a function of the table: a tiny module turns an import into one.
  const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 2, 127, 127, 0, 2, 7, 1, 1, 101, 1, 102, 0, 0,
    3, 2, 1, 0, 7, 5, 1, 1, 103, 0, 1, 10, 10, 1, 8, 0, 32, 0, 32, 1, 16, 0, 11]);
  const row = (_, at) => {
    const words = new Uint32Array(runtime.memory.buffer, at, 4);
    const doubles = new DataView(runtime.memory.buffer, at);
    const name = `${runtime.text(words[0])} ${runtime.text(words[1])}`;
    const sum = sums.get(name) ?? { calls: 0, seconds: 0 };
    sum.calls += Number(doubles.getBigUint64(16, true));
    sum.seconds += doubles.getFloat64(24, true);
    sums.set(name, sum);
  };
  const { g } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { f: row } }).exports;
  const table = runtime.x.__indirect_function_table;
  const index = table.grow(1);
  table.set(index, g);
  runtime.check(runtime.x.sinter_session_profile(session.handle, index, 0, 0), 'profile');
  for (const [name, { calls, seconds }] of [...sums].sort((a, b) => b[1].seconds - a[1].seconds))
    console.log(`${(seconds * 1e3).toFixed(2).padStart(9)} ms ${String(calls).padStart(6)} ${name}`);
}

once(false).session.destroy();
if (options.profile) {
  const run = once(true);
  report(run.session);
  run.session.destroy();
}
let prefill = 0, decode = 0;
for (let i = 0; i < Number(options.r); ++i) {
  const run = once(false);
  prefill = Math.max(prefill, run.prefill);
  decode = Math.max(decode, run.decode);
  run.session.destroy();
}
console.log(JSON.stringify({ variant: options.variant, threads, prompt, decoded,
  prefill_tokens_per_second: +prefill.toFixed(2), decode_tokens_per_second: +decode.toFixed(2) }));
await model.close();
