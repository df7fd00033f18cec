// The wasm runtime and a bundle's kernels in plain Node: what exports.h says, and nothing of the library in runtime/web.
// Used by the tests of the native side and by bench.mjs.
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const NAMES = ['OK', 'INVALID_ARGUMENT', 'INVALID_HANDLE', 'INVALID_STATE', 'BUSY', 'BUFFER_TOO_SMALL', 'NOT_FOUND',
  'IO_ERROR', 'CORRUPT', 'VERSION_MISMATCH', 'UNSUPPORTED', 'OUT_OF_MEMORY', 'CONTEXT_FULL', 'BAD_LOGITS', 'CANCELLED',
  'INTERNAL'];

/** What both modules import besides the memory. */
export function clock() {
  return {
    sinter_now: () => performance.now(),
    sinter_local_time: () => Date.now() / 1000 - new Date().getTimezoneOffset() * 60,
  };
}

/** Instantiates the runtime (threads: on a shared memory) and returns { exports, memory }. */
export function startRuntime(file, { threads = false, maximumPages = 65536, memory } = {}) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const env = clock();
  if (threads)
    env.memory = memory ?? new WebAssembly.Memory({ initial: 32, maximum: maximumPages, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env });
  return { exports, memory: env.memory ?? exports.memory, module };
}

/** Puts a kernel module's kernels into the runtime's table, in the order of ids; returns the first one's index. */
export function linkKernels(kernels, runtime, ids, first) {
  const table = runtime.exports.__indirect_function_table;
  const instance = new WebAssembly.Instance(kernels, { env: {
    memory: runtime.memory,
    __indirect_function_table: table,
    __stack_pointer: runtime.exports.__stack_pointer,
    __memory_base: new WebAssembly.Global({ value: 'i32', mutable: false }, 0),
    __table_base: new WebAssembly.Global({ value: 'i32', mutable: false }, 0),
  } });
  first ??= table.length;
  if (table.length < first + ids.length) table.grow(first + ids.length - table.length);
  ids.forEach((id, i) => table.set(first + i, instance.exports[id]));
  return first;
}

/** The runtime with typed access to its memory. */
export class Runtime {
  constructor(file, options) {
    Object.assign(this, startRuntime(file, options));
    this.x = this.exports;
    this.x._initialize?.();
  }
  get u8() { return new Uint8Array(this.memory.buffer); }
  get u32() { return new Uint32Array(this.memory.buffer); }
  get i32() { return new Int32Array(this.memory.buffer); }
  get f32() { return new Float32Array(this.memory.buffer); }

  /** Bytes or text (zero-terminated) in the runtime's memory, until scope() ends. */
  put(data) {
    const bytes = typeof data === 'string' ? Buffer.from(`${data}\0`) : data;
    const at = this.alloc(bytes.byteLength);
    this.u8.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), at);
    return at;
  }
  alloc(bytes) {
    const at = this.x.sinter_web_alloc(bytes) >>> 0;
    if (!at) throw new Error(`no memory for ${bytes} bytes`);
    this.scoped?.push(at);
    return at;
  }
  /** Frees what body allocated. */
  scope(body) {
    const outer = this.scoped;
    this.scoped = [];
    try {
      return body();
    } finally {
      for (const at of this.scoped) this.x.sinter_web_free(at);
      this.scoped = outer;
    }
  }
  error() { return this.x.sinter_web_error(); }
  text(at, bytes) {
    const begin = at >>> 0;
    const end = bytes === undefined ? this.u8.indexOf(0, begin) : begin + bytes;
    return Buffer.from(this.u8.slice(begin, end)).toString();
  }
  /** Throws if a call failed. */
  check(status, what) {
    if (status === 0) return;
    const error = new Error(`${what}: ${NAMES[status]}: ${this.text(this.error() + 4)}`);
    error.code = NAMES[status];
    throw error;
  }

  /**
   * Opens a bundle folder. variant null: without a device; file: the kernel file's stem; workers false: none is started;
   * damage: functions by file that change its bytes ("stamp": of the kernels); missing: files that are left out;
   * weightsAt: where the weights' first byte goes in the room for them.
   */
  open(folder, options = {}) {
    return new Model(this, folder, { variant: 'relaxed', threads: 1, plan: 'plan.fb', workers: true, weightsAt: 0, ...options });
  }
}

export class Model {
  constructor(runtime, folder, options) {
    this.r = runtime;
    this.folder = folder;
    this.options = options;
    const { variant, threads } = options;
    this.threads = threads;
    this.manifest = JSON.parse(this.read('manifest.json', false));
    if (variant) this.loadKernels(options.file ?? `${variant}${threads > 1 ? '-threads' : ''}`);
    this.handle = this.openAgain(this.module ?? 0);
    this.table = this.plan();
    if (variant) this.fill(folder);
    if (threads > 1 && options.workers) this.startWorkers();
  }

  read(name, mayBeDamaged = true) {
    const bytes = fs.readFileSync(path.join(this.folder, name));
    return (mayBeDamaged && this.options.damage?.[name]?.(bytes)) || bytes;
  }

  /** Fills the table and makes this.module. */
  loadKernels(stem) {
    const { r } = this;
    this.kernelFile = path.join(this.folder, `kernels/wasm/${stem}.wasm`);
    const kernels = new WebAssembly.Module(fs.readFileSync(this.kernelFile));
    this.stamp = new Uint8Array(WebAssembly.Module.customSections(kernels, 'sinter')[0]);
    this.options.damage?.stamp?.(this.stamp);
    // The plan's kernel table is needed to link, so a model without a device comes first.
    this.handle = this.openAgain(0, 1);
    this.kernelIds = this.plan().kernels.map((kernel) => kernel.id);
    r.x.sinter_model_close(this.handle);
    this.first = linkKernels(kernels, r, this.kernelIds);
    this.module = r.scope(() =>
      r.x.sinter_web_kernels(r.put(this.stamp), this.stamp.length, r.put(this.options.variant), this.first));
    if (!this.module) throw new Error('the kernel module has no valid stamp');
  }

  /** sinter_model_open_memory; returns the handle. */
  openAgain(module, threads = this.threads) {
    const { r } = this, { plan, missing = [] } = this.options;
    const names = ['manifest.json', plan];
    if (this.manifest.files.some((file) => file.path === 'tokenizer.bin')) names.push('tokenizer.bin');
    return r.scope(() => {
      const list = Uint32Array.from(names.filter((name) => !missing.includes(name)).flatMap((name) => {
        const bytes = this.read(name);
        return [r.put(name), r.put(bytes), bytes.length];
      }));
      const model = r.alloc(4);
      r.check(r.x.sinter_model_open_memory(r.put(list), list.length / 3, r.put(plan), module, threads, model, r.error()),
        'open');
      return r.u32[model >>> 2];
    });
  }

  fill(folder) {
    const at = this.r.x.sinter_web_weights(this.handle) >>> 0;
    const shards = this.manifest.files.filter((file) => file.path.startsWith('weights/'));
    let offset = at + this.options.weightsAt;
    for (const shard of shards.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      this.r.u8.set(fs.readFileSync(path.join(folder, shard.path)), offset);
      offset += shard.size;
    }
  }

  startWorkers() {
    const { r } = this;
    this.workers = [];
    for (let index = 1; index < this.threads; ++index) {
      const bytes = r.x.sinter_web_stack_bytes();
      const stack = r.alloc(bytes);
      const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: { runtime: r.module,
        memory: r.memory, kernels: this.kernelFile, ids: this.kernelIds, first: this.first, stackEnd: stack + bytes, index } });
      worker.stack = stack;
      worker.gone = new Promise((ok) => worker.once('exit', ok));
      this.workers.push(worker);
    }
  }

  /** sinter_web_plan, as objects. */
  plan() {
    const r = this.r;
    return r.scope(() => {
      const count = r.alloc(4);
      r.x.sinter_web_plan(this.handle, 0, 0, count);
      const size = r.u32[count >>> 2];
      const at = r.alloc(size * 4);
      r.check(r.x.sinter_web_plan(this.handle, at, size, count), 'plan');
      return readPlan(r.u32.slice(at >>> 2, (at >>> 2) + size));
    });
  }

  session() { return new Session(this); }

  /** Closes the model; with workers, they must be able to leave: they do so by themselves. */
  async close() {
    this.r.check(this.r.x.sinter_model_close(this.handle), 'close');
    for (const worker of this.workers ?? []) {
      await worker.gone;
      this.r.x.sinter_web_free(worker.stack);
    }
    if (this.module) this.r.x.sinter_web_free(this.module);
  }
}

/** The table of exports.h as objects; asserts nothing, the tests do. */
export function readPlan(words) {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  const wide = (at) => words[at] + words[at + 1] * 2 ** 32;
  const name = (at) => bytes.toString('utf8', words[at], words[at] + words[at + 1]);
  const range = (at) => ({ space: words[at], offset: wide(at + 1), bytes: wide(at + 3) });
  const list = (header, size, read) =>
    Array.from({ length: words[header] }, (_, i) => read(words[header + 1] + i * size));
  return {
    magic: words[0], version: words[1], words: words[2], context: words[3], chunk: words[4], vocabSize: words[5],
    hiddenSize: words[6], layerCount: words[7], weightBytes: wide(8), arenaBytes: wide(10), stateBytes: wide(12),
    largestBinding: wide(14), bosId: words[28] | 0, shardBytes: words[29], dispatches: words[30], bindings: words[31],
    kernels: list(16, 4, (at) => ({ id: name(at), family: name(at + 2) })),
    weights: list(18, 9, (at) => ({ name: name(at), range: range(at + 2), rows: words[at + 7], columns: words[at + 8] })),
    ios: list(20, 7, (at) => ({ name: name(at), range: range(at + 2) })),
    states: list(22, 11, (at) => ({ name: name(at), range: range(at + 2), kvHeads: words[at + 7],
      capacity: words[at + 8], headDim: words[at + 9], elementBytes: words[at + 10] })),
    entries: list(24, 4, (at) => ({ name: name(at), dispatches: Array.from({ length: words[at + 2] }, (_, i) => {
      const d = words[at + 3] + i * 7;
      return { kernel: words[d], items: words[d + 1], itemsPerTokens: words[d + 2], layer: name(d + 3),
        bindings: Array.from({ length: words[d + 5] }, (_, b) => range(words[d + 6] + b * 5)) };
    }) })),
    eosIds: Array.from(words.subarray(words[27], words[27] + words[26])),
  };
}

export class Session {
  constructor(model, { profile = false } = {}) {
    this.m = model;
    this.r = model.r;
    this.vocab = model.table.vocabSize;
    this.handle = this.r.scope(() => {
      const out = this.r.alloc(4);
      const options = this.r.put(new Uint32Array([8, profile ? 1 : 0]));
      this.r.check(this.r.x.sinter_session_create(model.handle, options, out, this.r.error()), 'session');
      return this.r.u32[out >>> 2];
    });
  }
  prefill(tokens) {
    this.r.scope(() => this.r.check(
      this.r.x.sinter_session_prefill(this.handle, this.r.put(Int32Array.from(tokens)), tokens.length, this.r.error()),
      'prefill'));
  }
  /** Logits after each token. */
  prefillLogits(tokens) {
    const count = tokens.length * this.vocab;
    return this.r.scope(() => {
      const ids = this.r.put(Int32Array.from(tokens));
      const out = this.r.alloc(count * 4);
      this.r.check(this.r.x.sinter_session_prefill_logits(this.handle, ids, tokens.length, out, count, this.r.error()),
        'prefill_logits');
      return this.r.f32.slice(out >>> 2, (out >>> 2) + count);
    });
  }
  decode(token) { this.r.check(this.r.x.sinter_session_decode(this.handle, token, this.r.error()), 'decode'); }
  logits() {
    return this.r.scope(() => {
      const out = this.r.alloc(this.vocab * 4);
      this.r.check(this.r.x.sinter_session_logits(this.handle, out, this.vocab, this.r.error()), 'logits');
      return this.r.f32.slice(out >>> 2, (out >>> 2) + this.vocab);
    });
  }
  /** The likeliest next token, chosen on the device. */
  greedy() {
    return this.r.scope(() => {
      const out = this.r.alloc(4);
      this.r.check(this.r.x.sinter_session_sample(this.handle, 0, out, this.r.error()), 'sample');
      return this.r.i32[out >>> 2];
    });
  }
  destroy() { this.r.check(this.r.x.sinter_session_destroy(this.handle), 'destroy'); }
}
