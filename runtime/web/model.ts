// model.ts: an open model in the wasm runtime: tokenizer, chat template,
// samplers, text streams and the plan as a table. Sessions are the devices'.
import { SinterError } from "./errors.js";
import type { ChatRequest, Runtime, SamplerSettings } from "./runtime.js";
import { decode, encode, layouts } from "./runtime.js";

export interface ModelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface OpenOptions {
  readonly files: readonly ModelFile[];
  readonly plan: string;
  /** What sinter_web_kernels gave; 0 where JavaScript owns the device. */
  readonly module: number;
  readonly threads: number;
}

const addSpecial = 1;
const parseSpecial = 2;

export class Model {
  private constructor(
    readonly runtime: Runtime,
    readonly handle: number,
    readonly hasTokenizer: boolean,
  ) {}

  static open(runtime: Runtime, options: OpenOptions): Model {
    const handle = runtime.scope((scope) => {
      const { size, path, data, bytes } = layouts.memoryFile;
      const table = scope.block(options.files.length * size);
      options.files.forEach((file, index) => {
        const at = table + index * size;
        const pathAt = scope.text(file.path);
        const dataAt = scope.put(file.bytes);
        const view = runtime.view();
        view.setUint32(at + path, pathAt, true);
        view.setUint32(at + data, dataAt, true);
        view.setUint32(at + bytes, file.bytes.length, true);
      });
      return runtime.create(
        "sinter_model_open_memory",
        table,
        options.files.length,
        scope.text(options.plan),
        options.module,
        options.threads,
      );
    });
    return new Model(runtime, handle, options.files.some((f) => f.path === "tokenizer.bin"));
  }

  close(): void {
    this.runtime.plain("sinter_model_close", this.handle);
  }

  /** The plan as 32-bit words (exports.h). */
  planWords(): Uint32Array<ArrayBuffer> {
    const { runtime } = this;
    const bytes = runtime.filled(4, 4096, "sinter_web_plan", (at, capacity, count) =>
      runtime.native.sinter_web_plan(this.handle, at, capacity, count),
    );
    return new Uint32Array(bytes.buffer);
  }

  private needTokenizer(): void {
    if (!this.hasTokenizer)
      throw new SinterError(
        "NO_TOKENIZER",
        "the bundle has no tokenizer; give tokens instead of text",
      );
  }

  /** special: adds what the model expects around a text. parse: names of
   * special tokens in the text are these tokens; never for strangers' text. */
  tokenize(text: string, special: boolean, parse: boolean): Int32Array<ArrayBuffer> {
    this.needTokenizer();
    const { runtime } = this;
    const flags = (special ? addSpecial : 0) | (parse ? parseSpecial : 0);
    const bytes = encode(text);
    return runtime.scope((scope) => {
      const textAt = scope.put(bytes);
      const out = runtime.filled(4, bytes.length + 8, "sinter_tokenize", (at, capacity, count, error) =>
        runtime.native.sinter_tokenize(
          this.handle, textAt, bytes.length, flags, at, capacity, count, error,
        ),
      );
      return new Int32Array(out.buffer);
    });
  }

  detokenize(tokens: ArrayLike<number>, special: boolean): string {
    this.needTokenizer();
    const { runtime } = this;
    return runtime.scope((scope) => {
      const tokensAt = scope.ints(tokens);
      const guess = 8 * tokens.length + 64;
      const out = runtime.filled(1, guess, "sinter_detokenize", (at, capacity, count, error) =>
        runtime.native.sinter_detokenize(
          this.handle, tokensAt, tokens.length, special ? 1 : 0, at, capacity, count, error,
        ),
      );
      return decode(out);
    });
  }

  private withChat<T>(request: ChatRequest, run: (params: number) => T): T {
    this.needTokenizer();
    const { runtime } = this;
    return runtime.scope((scope) => {
      const l = layouts.chatParams;
      const at = scope.block(l.size);
      const messages = scope.text(request.messagesJson);
      const tools = scope.text(request.toolsJson);
      const variables = scope.text(request.variablesJson);
      const view = runtime.view();
      view.setUint32(at, l.size, true);
      view.setInt32(at + l.addGenerationPrompt, request.addGenerationPrompt ? 1 : 0, true);
      view.setUint32(at + l.messagesJson, messages, true);
      view.setUint32(at + l.toolsJson, tools, true);
      view.setUint32(at + l.variablesJson, variables, true);
      return run(at);
    });
  }

  tokenizeChat(request: ChatRequest): Int32Array<ArrayBuffer> {
    const { runtime } = this;
    return this.withChat(request, (params) => {
      const guess = request.messagesJson.length + 256;
      const out = runtime.filled(4, guess, "sinter_tokenize_chat", (at, capacity, count, error) =>
        runtime.native.sinter_tokenize_chat(this.handle, params, at, capacity, count, error),
      );
      return new Int32Array(out.buffer);
    });
  }

  applyChatTemplate(request: ChatRequest): string {
    const { runtime } = this;
    return this.withChat(request, (params) => {
      const guess = 2 * request.messagesJson.length + 1024;
      const out = runtime.filled(1, guess, "sinter_apply_chat_template", (at, capacity, count, error) =>
        runtime.native.sinter_apply_chat_template(this.handle, params, at, capacity, count, error),
      );
      return decode(out);
    });
  }

  createSampler(settings: SamplerSettings): Sampler {
    return new Sampler(this, settings);
  }
  createTextStream(): TextStream {
    this.needTokenizer();
    return new TextStream(this);
  }
}

/** A sampler of sinter.h: random state and the last tokens. */
export class Sampler {
  readonly handle: number;
  private logits = 0;
  private logitCount = 0;
  private readonly runtime: Runtime;

  constructor(model: Model, settings: SamplerSettings) {
    this.runtime = model.runtime;
    this.handle = this.runtime.scope((scope) => {
      const l = layouts.samplerParams;
      const at = scope.block(l.size);
      const view = this.runtime.view();
      view.setUint32(at, l.size, true);
      view.setFloat32(at + l.temperature, settings.temperature, true);
      view.setInt32(at + l.topK, settings.topK, true);
      view.setFloat32(at + l.topP, settings.topP, true);
      view.setFloat32(at + l.minP, settings.minP, true);
      view.setFloat32(at + l.repeatPenalty, settings.repeatPenalty, true);
      view.setFloat32(at + l.presencePenalty, settings.presencePenalty, true);
      view.setFloat32(at + l.frequencyPenalty, settings.frequencyPenalty, true);
      view.setInt32(at + l.penaltyWindow, settings.penaltyWindow, true);
      view.setBigUint64(at + l.seed, settings.seed, true);
      return this.runtime.create("sinter_sampler_create", model.handle, at);
    });
    try {
      this.bias(settings.logitBias);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  private bias(biases: SamplerSettings["logitBias"]): void {
    if (biases.length === 0) return;
    this.runtime.scope((scope) => {
      const l = layouts.logitBias;
      const at = scope.block(l.size * biases.length);
      const view = this.runtime.view();
      biases.forEach(([token, value], i) => {
        view.setInt32(at + i * l.size + l.token, token, true);
        view.setFloat32(at + i * l.size + l.bias, value, true);
      });
      this.runtime.call("sinter_sampler_set_biases", this.handle, at, biases.length);
    });
  }

  accept(token: number): void {
    this.runtime.plain("sinter_sampler_accept", this.handle, token);
  }

  /** Chooses from logits that are in JavaScript's memory. */
  sample(logits: Float32Array): number {
    const { runtime } = this;
    if (this.logitCount < logits.length) {
      runtime.free(this.logits);
      this.logits = 0;
      this.logits = runtime.alloc(4 * logits.length);
      this.logitCount = logits.length;
    }
    new Float32Array(runtime.memory.buffer, this.logits, logits.length).set(logits);
    const token = runtime.scope((scope) => {
      const out = scope.block(4);
      runtime.call("sinter_sampler_sample", this.handle, this.logits, logits.length, out);
      return runtime.word(out);
    });
    return token;
  }

  destroy(): void {
    this.runtime.free(this.logits);
    this.logits = 0;
    this.runtime.plain("sinter_sampler_destroy", this.handle);
  }
}

/** Tokens to text, a token at a time; never a part of a character. */
export class TextStream {
  private readonly handle: number;
  private readonly runtime: Runtime;
  constructor(model: Model) {
    this.runtime = model.runtime;
    this.handle = this.runtime.create("sinter_text_stream_create", model.handle, 0);
  }
  push(token: number): string {
    return this.runtime.twoCells((text, bytes) =>
      this.runtime.plain("sinter_text_stream_push", this.handle, token, text, bytes),
    );
  }
  finish(): string {
    return this.runtime.twoCells((text, bytes) =>
      this.runtime.plain("sinter_text_stream_finish", this.handle, text, bytes),
    );
  }
  destroy(): void {
    this.runtime.plain("sinter_text_stream_destroy", this.handle);
  }
}
