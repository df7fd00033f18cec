// device.ts: what the engine needs of a device. A device owns weights, kernels
// and one conversation's KV cache. The engine is its only caller and makes one
// call after the other, except that `next` may be called again before earlier
// calls have answered, up to `depth` of them.
import type { Model } from "./model.js";
import type { SamplerSettings } from "./runtime.js";

export interface Device {
  readonly name: "wasm" | "webgpu";
  /** The kernels that were chosen, and why. */
  readonly variant: string;
  readonly reason: string;
  readonly threads: number;
  readonly model: Model;
  readonly limits: DeviceLimits;

  /** Tokens that the KV cache holds (those on their way included). */
  readonly position: number;

  /** Prepares for a generation. history: the tokens held so far, the latest
   * last; they count for penalties. readLogits: logits() will be asked for. */
  begin(settings: SamplerSettings, history: readonly number[], readLogits: boolean): Promise<void>;

  /** Appends tokens, at most `chunk`. */
  prefill(tokens: Int32Array): Promise<void>;

  /** The same, and the logits after each of them: [tokens, vocab]. */
  prefillLogits(tokens: Int32Array): Promise<Float32Array>;

  /** Appends one token through the decode path. */
  decode(token: number): Promise<void>;

  /** Chooses a token. append: first appends the one that `next` chose last. */
  next(append: boolean): Promise<number>;

  /** Logits after the last token, [vocab]; not while calls of next wait. */
  logits(): Promise<Float32Array>;

  /** Ends a generation: frees what begin made. */
  end(): void;

  /** Forgets tokens from position on. */
  truncate(position: number): void;

  /** Frees everything; later calls are undefined. */
  dispose(): Promise<void>;
}

export interface DeviceLimits {
  readonly context: number;
  readonly chunk: number;
  readonly vocabSize: number;
  readonly eosIds: readonly number[];
  readonly bosId: number;
  /** Calls of next that may wait at a time. */
  readonly depth: number;
  /** Bytes on the device: weights, activations, KV cache. */
  readonly weightBytes: number;
  readonly arenaBytes: number;
  readonly stateBytes: number;
}
