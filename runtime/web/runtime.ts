// runtime.ts: the C++ runtime in wasm32 as TypeScript sees it: the C interface
// of runtime/include/sinter.h and runtime/web/native/exports.h. All layouts and
// all pointer arithmetic are here; a test compares the layouts with the headers.
import { SinterError, formatBytes } from "./errors.js";
import type { ErrorCode } from "./errors.js";

/** Byte offsets in wasm32 of the structs that are filled or read here. */
export const layouts = {
  error: { size: 504, code: 0, message: 4 },
  memoryFile: { size: 12, path: 0, data: 4, bytes: 8 },
  samplerParams: {
    size: 48, temperature: 4, topK: 8, topP: 12, minP: 16, repeatPenalty: 20,
    presencePenalty: 24, frequencyPenalty: 28, penaltyWindow: 32, seed: 40,
  },
  logitBias: { size: 8, token: 0, bias: 4 },
  chatParams: {
    size: 40, addGenerationPrompt: 4, messages: 8, messageCount: 12,
    messagesJson: 16, toolsJson: 20, variablesJson: 24, now: 32,
  },
} as const;

const statusCodes: readonly ErrorCode[] = [
  "INTERNAL", "INVALID_ARGUMENT", "DISPOSED", "INVALID_ARGUMENT", "INTERNAL",
  "INTERNAL", "NOT_FOUND", "INTERNAL", "CORRUPT", "VERSION_MISMATCH",
  "UNSUPPORTED", "OUT_OF_MEMORY", "CONTEXT_FULL", "BAD_LOGITS", "ABORTED",
  "INTERNAL",
];
const bufferTooSmall = 5;

type Native = (...args: (number | bigint)[]) => number;
const nativeNames = [
  "sinter_web_alloc", "sinter_web_free", "sinter_web_error",
  "sinter_model_open_memory", "sinter_web_kernels", "sinter_web_weights",
  "sinter_web_plan", "sinter_model_close", "sinter_session_create",
  "sinter_session_destroy", "sinter_session_prefill",
  "sinter_session_prefill_logits", "sinter_session_decode",
  "sinter_session_logits", "sinter_session_sample", "sinter_session_truncate",
  "sinter_sampler_create", "sinter_sampler_destroy", "sinter_sampler_accept",
  "sinter_sampler_sample", "sinter_sampler_set_biases", "sinter_tokenize", "sinter_detokenize",
  "sinter_text_stream_create", "sinter_text_stream_destroy",
  "sinter_text_stream_push", "sinter_text_stream_finish",
  "sinter_apply_chat_template", "sinter_tokenize_chat",
] as const;
type Natives = Record<(typeof nativeNames)[number], Native>;

/** Settings of the sampler of sinter.h. */
export interface SamplerSettings {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly penaltyWindow: number;
  readonly seed: bigint;
  /** Token and what is added to its logit, at most maxLogitBiases of them. */
  readonly logitBias: readonly (readonly [token: number, bias: number])[];
}

export interface ChatRequest {
  /** A JSON array of messages. */
  readonly messagesJson: string;
  readonly toolsJson?: string | undefined;
  readonly variablesJson?: string | undefined;
  readonly addGenerationPrompt: boolean;
}

export interface ThreadMemory {
  readonly memory: WebAssembly.Memory;
}

/** An instance of sinter.wasm or sinter-threads.wasm. */
export class Runtime {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  readonly stackPointer: WebAssembly.Global;
  readonly native: Natives;
  private readonly cells: number; // 16 bytes for results
  private readonly errorAt: number;

  private constructor(
    readonly exports: WebAssembly.Exports,
    memory: WebAssembly.Memory | undefined,
  ) {
    this.memory = memory ?? (exports["memory"] as WebAssembly.Memory);
    this.table = exports["__indirect_function_table"] as WebAssembly.Table;
    this.stackPointer = exports["__stack_pointer"] as WebAssembly.Global;
    const missing = nativeNames.filter((name) => typeof exports[name] !== "function");
    if (missing.length > 0)
      throw new SinterError(
        "VERSION_MISMATCH",
        `runtime/sinter.wasm is of another version: it lacks ${missing.join(", ")}`,
        { missing },
      );
    this.native = exports as unknown as Natives;
    (exports["_initialize"] as (() => void) | undefined)?.();
    this.cells = this.alloc(16);
    this.errorAt = this.native.sinter_web_error() >>> 0;
  }

  /** memory: shared, for sinter-threads.wasm. */
  static async create(
    module: WebAssembly.Module,
    memory?: WebAssembly.Memory,
  ): Promise<Runtime> {
    const instance = await WebAssembly.instantiate(module, runtimeImports(memory));
    return new Runtime(instance.exports, memory);
  }

  bytes(at = 0, length?: number): Uint8Array<ArrayBuffer> {
    // Shared memory is handled like any other; only its type differs.
    return new Uint8Array(this.memory.buffer as ArrayBuffer, at, length);
  }
  view(): DataView {
    return new DataView(this.memory.buffer);
  }
  word(at: number): number {
    return this.view().getUint32(at, true);
  }

  /** Zero-filled bytes; OUT_OF_MEMORY with the number. */
  alloc(bytes: number): number {
    const at = this.native.sinter_web_alloc(bytes) >>> 0;
    if (at === 0)
      throw new SinterError(
        "OUT_OF_MEMORY",
        `WebAssembly has no memory for ${formatBytes(bytes)} more ` +
          `(it holds ${formatBytes(this.memory.buffer.byteLength)}, 4.0 GiB are the most)`,
        { needed: bytes, held: this.memory.buffer.byteLength },
      );
    return at;
  }
  free(at: number): void {
    if (at !== 0) this.native.sinter_web_free(at);
  }

  /** Memory that lives as long as run does. */
  scope<T>(run: (memory: Scope) => T): T {
    const scope = new Scope(this);
    try {
      return run(scope);
    } finally {
      scope.end();
    }
  }

  /** The message that the last failed call left. */
  private message(): string {
    const from = this.errorAt + layouts.error.message;
    const all = this.bytes(from, layouts.error.size - layouts.error.message);
    const end = all.indexOf(0);
    return decode(all.subarray(0, end < 0 ? all.length : end));
  }

  /** Throws unless the status is OK. what: for calls without a message. */
  check(status: number, what: string): void {
    if (status === 0) return;
    const hasMessage = this.view().getInt32(this.errorAt, true) === status;
    const text = (hasMessage && this.message()) || `${what} failed (status ${status})`;
    throw new SinterError(statusCodes[status] ?? "INTERNAL", text, { status });
  }

  /** Calls a function whose last two arguments are `*result, error`. */
  create(name: keyof Natives, ...args: (number | bigint)[]): number {
    const status = this.native[name](...args, this.cells, this.errorAt);
    this.check(status, name);
    return this.word(this.cells);
  }
  /** Calls a function whose last argument is the error. */
  call(name: keyof Natives, ...args: (number | bigint)[]): void {
    this.check(this.native[name](...args, this.errorAt), name);
  }
  /** Calls a function without an error argument. */
  plain(name: keyof Natives, ...args: (number | bigint)[]): void {
    this.view().setInt32(this.errorAt, 0, true);
    this.check(this.native[name](...args), name);
  }

  /** Calls a function with a buffer that is too small at first: fills(at,
   * capacity, count, error). Returns a copy of the bytes. */
  filled(
    elementBytes: number,
    guess: number,
    name: string,
    fills: (at: number, capacity: number, count: number, error: number) => number,
  ): Uint8Array<ArrayBuffer> {
    for (let capacity = guess; ; ) {
      const at = this.alloc(Math.max(1, capacity * elementBytes));
      try {
        const status = fills(at, capacity, this.cells, this.errorAt);
        const count = this.word(this.cells);
        if (status === bufferTooSmall && count > capacity) {
          capacity = count;
          continue;
        }
        this.check(status, name);
        return this.bytes(at, count * elementBytes).slice();
      } finally {
        this.free(at);
      }
    }
  }

  /** Text at a pointer and length that a call wrote to the two cells. */
  twoCells(run: (text: number, bytes: number) => void): string {
    run(this.cells, this.cells + 4);
    return decode(this.bytes(this.word(this.cells), this.word(this.cells + 4)));
  }
}

/** Temporary memory of one call. */
export class Scope {
  private readonly blocks: number[] = [];
  constructor(private readonly runtime: Runtime) {}

  block(bytes: number): number {
    const at = this.runtime.alloc(Math.max(1, bytes));
    this.blocks.push(at);
    return at;
  }
  put(bytes: Uint8Array): number {
    const at = this.block(bytes.length);
    this.runtime.bytes(at, bytes.length).set(bytes);
    return at;
  }
  /** Zero-terminated UTF-8; undefined: the null pointer. */
  text(text: string | undefined): number {
    if (text === undefined) return 0;
    const bytes = encode(text);
    const at = this.block(bytes.length + 1);
    this.runtime.bytes(at, bytes.length).set(bytes);
    return at;
  }
  ints(values: ArrayLike<number>): number {
    return this.put(new Uint8Array(Int32Array.from(values).buffer));
  }
  end(): void {
    for (const at of this.blocks) this.runtime.free(at);
  }
}

const encoder = new TextEncoder();
export const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** A TextDecoder takes no shared memory, so shared bytes are copied. */
export function decode(bytes: Uint8Array): string {
  const isShared =
    typeof SharedArrayBuffer !== "undefined" &&
    (bytes.buffer as ArrayBufferLike) instanceof SharedArrayBuffer;
  return new TextDecoder().decode(isShared ? bytes.slice() : bytes);
}

/** What the modules import, here and in thread.ts. */
export function runtimeImports(memory?: WebAssembly.Memory): WebAssembly.Imports {
  const env: WebAssembly.ModuleImports = {
    sinter_now: () => performance.now(),
    sinter_local_time: () => {
      const date = new Date();
      return date.getTime() / 1000 - date.getTimezoneOffset() * 60;
    },
  };
  if (memory !== undefined) env["memory"] = memory;
  return { env };
}
