// engine.ts: an engine in this thread: a device, the conversation it holds, and
// a queue. Requests run one after the other, first come, first served; a lost
// device is built again once per request, and the request goes on where it was.
import type { Device } from "./device.js";
import { SinterError, aborted, throwIfAborted, toSinterError } from "./errors.js";
import { Conversation, Generation } from "./generation.js";
import type { GenerationParams } from "./generation.js";
import { now, yieldToHost } from "./host.js";
import type { SamplingDefaults } from "./manifest.js";
import { createChatCompletions } from "./openai.js";
import type { ChatCompletions } from "./openai.js";
import { checkRequest, checkTokens, resolveSampling, resolveStops } from "./request.js";
import type { ChatRequest } from "./runtime.js";
import type {
  CallOptions, ChatMessage, ChatTemplateOptions, Engine, EngineInfo, EngineStats, GenerateOptions,
  GenerateRequest, GenerateResult, GenerateStats, LogitsOptions, TokenizeOptions,
} from "./types.js";

/** A device, and why it is this one. */
export interface Opened {
  readonly device: Device;
  readonly reason: string;
}

export interface EngineSetup extends Opened {
  readonly info: EngineInfo;
  readonly sampling: SamplingDefaults;
  readonly load: EngineStats["load"];
  /** Builds the device again, from the cache, after it was lost. */
  readonly rebuild: (signal: AbortSignal | undefined) => Promise<Opened>;
}

// Rows of logits that are read at a time: 16 MiB.
const logitsAtATime = 4 << 20;

export class LocalEngine implements Engine {
  readonly chat: { readonly completions: ChatCompletions };
  private device: Device;
  private reason: string;
  private readonly held = new Conversation();
  private tail: Promise<unknown> = Promise.resolve();
  private readonly active = new Set<AbortController>();
  private disposal: Promise<void> | undefined;
  private requests = 0;
  private promptTokens = 0;
  private generatedTokens = 0;
  private rebuilds = 0;
  private last: GenerateStats | undefined;

  constructor(private readonly setup: EngineSetup) {
    this.device = setup.device;
    this.reason = setup.reason;
    this.chat = { completions: createChatCompletions(this) };
  }

  get info(): EngineInfo {
    const { name, variant, threads } = this.device;
    return { ...this.setup.info, device: name, variant, threads, reason: this.reason };
  }

  private alive(): void {
    if (this.disposal !== undefined) throw disposed();
  }

  /** Runs when all earlier calls are over. The signal that run gets also ends
   * with the engine. */
  private enqueue<T>(
    options: CallOptions,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const both = new AbortController();
    const stop = () => both.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", stop, { once: true });
    this.active.add(both);
    if (options.signal?.aborted) stop();
    // An abort answers at once; the turn ends when the device has finished the
    // step it is in.
    const left = new Promise<never>((_, reject) => {
      const leave = () =>
        reject(this.disposal !== undefined ? disposed() : aborted(options.signal?.reason));
      both.signal.addEventListener("abort", leave, { once: true });
      if (both.signal.aborted) leave();
    });
    left.catch(() => undefined);
    const before = this.tail;
    const turn = (async () => {
      try {
        await Promise.race([before, left]);
        throwIfAborted(both.signal);
        return await run(both.signal);
      } catch (error) {
        if (this.disposal !== undefined) throw disposed();
        throw toSinterError(error);
      } finally {
        options.signal?.removeEventListener("abort", stop);
        this.active.delete(both);
      }
    })();
    const over = turn.then(() => undefined, () => undefined);
    this.tail = before.then(() => over);
    return Promise.race([turn, left]);
  }

  async generate(
    request: GenerateRequest,
    options: GenerateOptions = {},
  ): Promise<GenerateResult> {
    this.alive();
    const { vocabSize } = this.device.limits;
    checkRequest(request, vocabSize);
    const stops = resolveStops(request.stop);
    if (stops.length > 0 && !this.device.model.hasTokenizer)
      throw new SinterError("NO_TOKENIZER", "stop texts need a bundle with a tokenizer");
    const sampling = resolveSampling(request, this.setup.sampling, vocabSize);
    const asked = now();
    return this.enqueue(options, async (signal) => {
      const queueSeconds = (now() - asked) / 1000;
      const generation = new Generation({
        prompt: this.promptOf(request),
        sampling,
        maxTokens: request.maxTokens ?? Infinity,
        ignoreEos: request.ignoreEos ?? false,
        stops,
        stopTokens: request.stopTokens ?? [],
        logprobs: request.logprobs,
        onToken: options.onToken,
        signal,
      } satisfies GenerationParams);
      ++this.requests;
      try {
        await this.withDevice(signal, (device) => generation.run(device, this.held));
      } finally {
        generation.finish();
        this.last = { ...generation.timing(), queueSeconds };
        this.promptTokens += this.last.promptTokens;
        this.generatedTokens += this.last.generatedTokens;
      }
      return {
        tokens: generation.tokens,
        text: generation.text,
        finishReason: generation.finishReason!,
        stopToken: generation.stopToken,
        stopString: generation.stopString,
        logprobs: request.logprobs === undefined ? undefined : generation.events,
        stats: this.last,
      };
    });
  }

  /** Runs with the device; a lost one is built again, once. */
  private async withDevice<T>(
    signal: AbortSignal,
    run: (device: Device) => Promise<T>,
  ): Promise<T> {
    try {
      return await run(this.device);
    } catch (error) {
      if (toSinterError(error).code !== "DEVICE_LOST") throw error;
      throwIfAborted(signal);
      await this.rebuild(signal);
      return run(this.device);
    }
  }

  private async rebuild(signal: AbortSignal): Promise<void> {
    const lost = this.device;
    this.held.tokens = [];
    this.held.hasLast = false;
    await lost.dispose().catch(() => undefined);
    const { device, reason } = await this.setup.rebuild(signal);
    this.device = device;
    this.reason = reason;
    ++this.rebuilds;
  }

  private promptOf(request: GenerateRequest): Int32Array {
    const { model, limits } = this.device;
    if (request.tokens !== undefined)
      return checkTokens("tokens", request.tokens, limits.vocabSize);
    if (request.prompt !== undefined)
      return model.tokenize(request.prompt, true, request.parseSpecial ?? false);
    return model.tokenizeChat(this.chatRequest(request.messages!, request));
  }

  private chatRequest(
    messages: readonly ChatMessage[],
    options: ChatTemplateOptions,
  ): ChatRequest {
    if (!this.setup.info.hasChatTemplate)
      throw new SinterError(
        "NO_CHAT_TEMPLATE",
        "the bundle has no chat template; give a prompt instead of messages",
      );
    return toChatRequest(messages, options);
  }

  async tokenize(text: string, options: TokenizeOptions = {}): Promise<number[]> {
    this.alive();
    return Array.from(
      this.device.model.tokenize(String(text), options.special ?? true, options.parseSpecial ?? false),
    );
  }

  async detokenize(
    tokens: ArrayLike<number>,
    options: { special?: boolean } = {},
  ): Promise<string> {
    this.alive();
    const checked = checkTokens("tokens", tokens, this.device.limits.vocabSize);
    return this.device.model.detokenize(checked, options.special ?? false);
  }

  async applyChatTemplate(
    messages: readonly ChatMessage[],
    options: ChatTemplateOptions = {},
  ): Promise<string> {
    this.alive();
    return this.device.model.applyChatTemplate(this.chatRequest(messages, options));
  }

  async tokenizeChat(
    messages: readonly ChatMessage[],
    options: ChatTemplateOptions = {},
  ): Promise<number[]> {
    this.alive();
    return Array.from(this.device.model.tokenizeChat(this.chatRequest(messages, options)));
  }

  async logits(tokens: ArrayLike<number>, options: LogitsOptions = {}): Promise<Float32Array> {
    this.alive();
    const { vocabSize, context } = this.device.limits;
    const all = checkTokens("tokens", tokens, vocabSize);
    if (all.length < 1 || all.length > context)
      throw new SinterError(
        "CONTEXT_FULL",
        `${all.length} tokens were given; 1 to ${context} fit the context`,
        { promptTokens: all.length, context },
      );
    return this.enqueue(options, (signal) =>
      this.withDevice(signal, async (device) => {
        this.held.tokens = [];
        this.held.hasLast = false;
        device.truncate(0);
        try {
          return options.stepwise
            ? await stepwiseLogits(device, all, signal)
            : await prefillLogits(device, all, signal);
        } finally {
          device.truncate(0);
        }
      }),
    );
  }

  async stats(): Promise<EngineStats> {
    this.alive();
    const { limits, name } = this.device;
    return {
      load: this.setup.load,
      requests: this.requests,
      promptTokens: this.promptTokens,
      generatedTokens: this.generatedTokens,
      contextUsed: this.held.tokens.length,
      rebuilds: this.rebuilds,
      wasmBytes: this.device.model.runtime.memory.buffer.byteLength,
      gpuBytes:
        name === "webgpu" ? limits.weightBytes + limits.arenaBytes + limits.stateBytes : 0,
      last: this.last,
    };
  }

  async reset(): Promise<void> {
    this.alive();
    await this.enqueue({}, async () => {
      this.device.truncate(0);
      this.held.tokens = [];
      this.held.hasLast = false;
    });
  }

  dispose(): Promise<void> {
    if (this.disposal === undefined) {
      this.disposal = this.tail.then(() => this.device.dispose());
      for (const request of this.active) request.abort(disposed());
    }
    return this.disposal;
  }
}

function disposed(): SinterError {
  return new SinterError("DISPOSED", "the engine was disposed of; load the model again");
}

function toChatRequest(
  messages: readonly ChatMessage[],
  options: ChatTemplateOptions,
): ChatRequest {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new SinterError("INVALID_ARGUMENT", "messages must be a list of at least one message", {
      param: "messages",
    });
  return {
    messagesJson: JSON.stringify(messages),
    toolsJson: options.tools === undefined ? undefined : JSON.stringify(options.tools),
    variablesJson:
      options.templateVariables === undefined
        ? undefined
        : JSON.stringify(options.templateVariables),
    addGenerationPrompt: options.addGenerationPrompt ?? true,
  };
}

async function prefillLogits(
  device: Device,
  tokens: Int32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { vocabSize, chunk } = device.limits;
  const out = new Float32Array(tokens.length * vocabSize);
  const rows = Math.min(chunk, Math.max(1, Math.floor(logitsAtATime / vocabSize)));
  for (let at = 0; at < tokens.length; at += rows) {
    throwIfAborted(signal);
    out.set(await device.prefillLogits(tokens.subarray(at, at + rows)), at * vocabSize);
    await yieldToHost();
  }
  return out;
}

async function stepwiseLogits(
  device: Device,
  tokens: Int32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { vocabSize } = device.limits;
  const out = new Float32Array(tokens.length * vocabSize);
  for (let at = 0; at < tokens.length; ++at) {
    throwIfAborted(signal);
    await device.decode(tokens[at]!);
    out.set(await device.logits(), at * vocabSize);
    await yieldToHost();
  }
  return out;
}
