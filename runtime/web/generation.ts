// generation.ts: one request: prompt in, tokens and text out, until something
// ends it. Between steps it lets messages in, so that an abort takes effect
// within one token, or within 200 ms of a long prompt.
import type { Device } from "./device.js";
import { SinterError, throwIfAborted } from "./errors.js";
import { now, yieldToHost } from "./host.js";
import { logprobs } from "./logprobs.js";
import type { TextStream } from "./model.js";
import type { SamplerSettings } from "./runtime.js";
import { StopMatcher } from "./stop.js";
import type { FinishReason, TokenEvent, TokenLogprob } from "./types.js";

export interface GenerationParams {
  readonly prompt: Int32Array;
  readonly sampling: SamplerSettings;
  readonly maxTokens: number;
  readonly ignoreEos: boolean;
  readonly stops: readonly string[];
  readonly stopTokens: readonly number[];
  readonly logprobs: number | undefined;
  readonly onToken: ((event: TokenEvent) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

// A prompt is computed in pieces of about this many milliseconds, which an
// abort may wait for.
const pieceMilliseconds = 120;
const firstPiece = 32;

/** The tokens that a device's KV cache holds, kept from request to request. */
export class Conversation {
  tokens: number[] = [];
  /** True when the device can choose what follows the last token. */
  hasLast = false;

  /** Tokens at the prompt's beginning that need not be computed. At least one
   * remains, for its logits, unless these are there. */
  reusable(prompt: Int32Array): number {
    let same = 0;
    while (same < prompt.length && prompt[same] === this.tokens[same]) ++same;
    const complete = same === prompt.length && same === this.tokens.length && this.hasLast;
    return same === prompt.length && same > 0 && !complete ? same - 1 : same;
  }
}

export class Generation {
  readonly tokens: number[] = [];
  readonly events: TokenEvent[] = [];
  text = "";
  finishReason: FinishReason | undefined;
  stopToken = -1;
  stopString: string | undefined;
  reusedTokens = 0;
  private computedTokens = 0;
  prefillMilliseconds = 0;
  private readonly began = now();
  private firstToken = 0;
  private readonly stops: StopMatcher;
  private stream: TextStream | undefined;

  constructor(private readonly params: GenerationParams) {
    this.stops = new StopMatcher(params.stops);
  }

  /** Runs to the end. After DEVICE_LOST it may be called again with a new
   * device and an empty conversation: it goes on after the last token. */
  async run(device: Device, conversation: Conversation): Promise<void> {
    const all = Int32Array.from([...this.params.prompt, ...this.tokens]);
    await this.prefill(device, conversation, all);
    this.stream ??= this.openStream(device);
    const wantsLogits = this.params.logprobs !== undefined;
    try {
      await device.begin(this.params.sampling, conversation.tokens, wantsLogits);
      await this.decode(device, conversation, wantsLogits ? 1 : device.limits.depth);
    } finally {
      device.end();
    }
  }

  /** Ends text and timing; also after a failure. */
  finish(): void {
    const stream = this.stream;
    this.stream = undefined;
    if (stream === undefined) return;
    const rest = stream.finish();
    stream.destroy();
    if (this.finishReason === "stop_string" || this.finishReason === undefined) return;
    const certain = this.stops.push(rest) + this.stops.finish();
    if (certain !== "") this.emit({ token: -1, text: certain });
  }

  timing() {
    const end = now();
    const decode = this.firstToken > 0 ? end - this.firstToken : 0;
    const rate = (tokens: number, milliseconds: number) =>
      tokens > 0 && milliseconds > 0 ? (1000 * tokens) / milliseconds : 0;
    return {
      promptTokens: this.params.prompt.length,
      reusedTokens: this.reusedTokens,
      generatedTokens: this.tokens.length,
      prefillSeconds: this.prefillMilliseconds / 1000,
      firstTokenSeconds: this.firstToken > 0 ? (this.firstToken - this.began) / 1000 : 0,
      decodeSeconds: decode / 1000,
      prefillTokensPerSecond: rate(this.computedTokens, this.prefillMilliseconds),
      decodeTokensPerSecond: rate(this.tokens.length - 1, decode),
    };
  }

  private openStream(device: Device): TextStream | undefined {
    if (!device.model.hasTokenizer) return undefined;
    const stream = device.model.createTextStream();
    // A reply's first token keeps its leading space after text, not after a
    // special token: the stream learns it from the prompt's last token.
    const last = this.params.prompt[this.params.prompt.length - 1];
    if (last !== undefined) stream.push(last);
    return stream;
  }

  private async prefill(device: Device, held: Conversation, all: Int32Array): Promise<void> {
    const { context, chunk } = device.limits;
    if (all.length === 0)
      throw new SinterError("INVALID_ARGUMENT", "the prompt is empty", { param: "prompt" });
    if (all.length > context)
      throw new SinterError(
        "CONTEXT_FULL",
        `the prompt has ${all.length} tokens, the context holds ${context}; shorten it, ` +
          "or compile the bundle with a larger --context",
        { promptTokens: all.length, context },
      );
    const began = now();
    const reused = held.reusable(all);
    this.reusedTokens = Math.min(reused, this.params.prompt.length);
    if (reused < held.tokens.length) device.truncate(reused);
    held.tokens.length = reused;
    let piece = Math.min(firstPiece, chunk);
    for (let at = reused; at < all.length; ) {
      throwIfAborted(this.params.signal);
      const tokens = all.subarray(at, at + piece);
      const start = now();
      held.hasLast = false;
      await device.prefill(tokens);
      held.tokens.push(...tokens);
      held.hasLast = true;
      at += tokens.length;
      this.computedTokens += tokens.length;
      const perToken = (now() - start) / tokens.length;
      // Kernels take tokens by 16; a few milliseconds are not worth a piece.
      const fits = Math.floor(pieceMilliseconds / Math.max(perToken, 1e-3) / 16) * 16;
      piece = Math.min(chunk, Math.max(16, fits));
      await yieldToHost();
    }
    this.prefillMilliseconds += now() - began;
    throwIfAborted(this.params.signal);
  }

  /** Chooses and appends, up to `depth` steps ahead of what is known. */
  private async decode(device: Device, held: Conversation, depth: number): Promise<void> {
    const { maxTokens } = this.params;
    const start = held.tokens.length;
    const chosen: number[] = [];
    const waiting: Promise<number>[] = [];
    let issued = 0;
    const mayIssue = () =>
      this.tokens.length - chosen.length + issued < maxTokens &&
      (issued === 0 || device.position < device.limits.context);
    const issue = () => {
      const work = device.next(issued > 0);
      work.catch(() => undefined); // it is awaited, but maybe after another failed
      waiting.push(work);
      ++issued;
    };
    try {
      while (this.finishReason === undefined) {
        while (waiting.length < depth && mayIssue()) issue();
        if (waiting.length === 0) {
          const full = this.tokens.length < maxTokens;
          this.finishReason = full ? "context_full" : "length";
          break;
        }
        const token = await waiting.shift()!;
        chosen.push(token);
        if (this.firstToken === 0) this.firstToken = now();
        await this.take(token, device);
        await yieldToHost();
        throwIfAborted(this.params.signal);
      }
    } finally {
      for (const result of await Promise.allSettled(waiting))
        if (result.status === "fulfilled") chosen.push(result.value);
      this.settle(device, held, start, chosen);
    }
  }

  /** Makes the conversation what the device holds, without steps too many. */
  private settle(device: Device, held: Conversation, start: number, chosen: number[]): void {
    const emitted = chosen.slice(0, Math.max(0, device.position - start));
    const useful = this.stopToken >= 0 ? chosen.indexOf(this.stopToken) : emitted.length;
    const kept = emitted.slice(0, Math.min(useful, this.tokens.length));
    held.tokens.length = start;
    held.tokens.push(...kept);
    if (held.tokens.length < device.position) {
      device.truncate(held.tokens.length);
      held.hasLast = false;
    } else {
      held.hasLast = held.tokens.length === device.position;
    }
  }

  private async take(token: number, device: Device): Promise<void> {
    const { ignoreEos, stopTokens, onToken } = this.params;
    const eos = !ignoreEos && device.limits.eosIds.includes(token);
    if (eos || stopTokens.includes(token)) {
      this.stopToken = token;
      this.finishReason = eos ? "eos" : "stop_token";
      return;
    }
    const likely = await this.likelihood(token, device);
    this.tokens.push(token);
    const text = this.stops.push(this.stream?.push(token) ?? "");
    if (this.stops.found !== undefined) {
      this.finishReason = "stop_string";
      this.stopString = this.stops.found;
    }
    this.emit({ token, text, ...likely }, onToken);
  }

  private emit(event: TokenEvent, listener = this.params.onToken): void {
    this.text += event.text;
    if (this.params.logprobs !== undefined && event.token >= 0) this.events.push(event);
    listener?.(event);
  }

  private async likelihood(token: number, device: Device) {
    const count = this.params.logprobs;
    if (count === undefined) return undefined;
    const found = logprobs(await device.logits(), token, count);
    const named = (id: number, logprob: number): TokenLogprob => ({
      token: id,
      text: device.model.hasTokenizer ? device.model.detokenize([id], true) : "",
      logprob,
    });
    return {
      logprob: named(token, found.chosen),
      topLogprobs: found.top.map((item) => named(item.token, item.logprob)),
    };
  }
}
