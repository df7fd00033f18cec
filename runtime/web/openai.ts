// openai.ts: chat completions in the shape of OpenAI's interface: replies and
// chunks have its fields. Requests: openai-request.ts.
import { aborted } from "./errors.js";
import { checkTools, toGenerateRequest } from "./openai-request.js";
import type { ChatCompletionRequest } from "./openai-request.js";
import type {
  CallOptions, Engine, FinishReason, GenerateRequest, GenerateResult, GenerateStats, TokenEvent,
  TokenLogprob,
} from "./types.js";

export interface ChatLogprob {
  token: string;
  bytes: number[];
  logprob: number;
  top_logprobs: { token: string; bytes: number[]; logprob: number }[];
}
export interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  /** Ours: seconds and tokens per second. */
  timings: {
    queue_seconds: number;
    prefill_seconds: number;
    time_to_first_token_seconds: number;
    decode_seconds: number;
    prefill_tokens_per_second: number;
    decode_tokens_per_second: number;
  };
}
export type ChatFinishReason = "stop" | "length";

export interface ChatCompletion {
  id: string;
  object: "chat.completion";
  created: number;
  model: string;
  choices: {
    index: 0;
    message: { role: "assistant"; content: string; refusal: null };
    logprobs: { content: ChatLogprob[]; refusal: null } | null;
    finish_reason: ChatFinishReason;
  }[];
  usage: ChatUsage;
}
export interface ChatCompletionChunk {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  choices: {
    index: 0;
    delta: { role?: "assistant"; content?: string };
    logprobs: { content: ChatLogprob[]; refusal: null } | null;
    finish_reason: ChatFinishReason | null;
  }[];
  usage?: ChatUsage | null;
}
/** Chunks as they come. Leaving the loop early, or abort(), ends the request. */
export interface ChatCompletionStream extends AsyncIterable<ChatCompletionChunk> {
  abort(): void;
}

export interface ChatCompletions {
  create(request: ChatCompletionRequest & { stream: true }, options?: CallOptions): Promise<ChatCompletionStream>;
  create(request: ChatCompletionRequest & { stream?: false | null | undefined }, options?: CallOptions): Promise<ChatCompletion>;
  create(request: ChatCompletionRequest, options?: CallOptions): Promise<ChatCompletion | ChatCompletionStream>;
}

const finishReasons: Record<FinishReason, ChatFinishReason> = {
  eos: "stop",
  stop_token: "stop",
  stop_string: "stop",
  length: "length",
  context_full: "length",
};

function toUsage(stats: GenerateStats): ChatUsage {
  return {
    prompt_tokens: stats.promptTokens,
    completion_tokens: stats.generatedTokens,
    total_tokens: stats.promptTokens + stats.generatedTokens,
    prompt_tokens_details: { cached_tokens: stats.reusedTokens },
    timings: {
      queue_seconds: stats.queueSeconds,
      prefill_seconds: stats.prefillSeconds,
      time_to_first_token_seconds: stats.firstTokenSeconds,
      decode_seconds: stats.decodeSeconds,
      prefill_tokens_per_second: stats.prefillTokensPerSecond,
      decode_tokens_per_second: stats.decodeTokensPerSecond,
    },
  };
}

function toLogprobs(events: readonly TokenEvent[]): { content: ChatLogprob[]; refusal: null } {
  const named = ({ text, logprob }: TokenLogprob) => ({
    token: text,
    bytes: Array.from(new TextEncoder().encode(text)),
    logprob,
  });
  const content = events
    .filter((event) => event.logprob !== undefined)
    .map((event) => ({
      ...named(event.logprob!),
      top_logprobs: (event.topLogprobs ?? []).map(named),
    }));
  return { content, refusal: null };
}

/** Values that one side puts in and the other awaits. */
class Channel<T> {
  private readonly values: T[] = [];
  private end: { error?: unknown } | undefined;
  private wake: (() => void) | undefined;

  put(value: T): void {
    this.values.push(value);
    this.wake?.();
  }
  finish(end: { error?: unknown }): void {
    this.end ??= end;
    this.wake?.();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.values.length > 0) yield this.values.shift()!;
      if (this.end !== undefined) {
        if ("error" in this.end) throw this.end.error;
        return;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

let counter = 0;

class Completion {
  private readonly head = {
    id: `chatcmpl-${Date.now().toString(36)}${(++counter).toString(36)}`,
    created: Math.floor(Date.now() / 1000),
  };
  constructor(
    private readonly engine: Engine,
    private readonly request: ChatCompletionRequest,
    private readonly generate: GenerateRequest,
    private readonly options: CallOptions,
  ) {}

  private get model(): string {
    return this.request.model ?? this.engine.info.name;
  }

  async whole(): Promise<ChatCompletion> {
    const result = await this.engine.generate(this.generate, this.options);
    return {
      ...this.head,
      object: "chat.completion",
      model: this.model,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: result.text, refusal: null },
          logprobs: result.logprobs === undefined ? null : toLogprobs(result.logprobs),
          finish_reason: finishReasons[result.finishReason],
        },
      ],
      usage: toUsage(result.stats),
    };
  }

  stream(): ChatCompletionStream {
    const abort = new AbortController();
    const stop = () => abort.abort(this.options.signal?.reason);
    this.options.signal?.addEventListener("abort", stop, { once: true });
    if (this.options.signal?.aborted) stop();
    const channel = new Channel<ChatCompletionChunk>();
    const withLogprobs = this.generate.logprobs !== undefined;
    channel.put(this.chunk({ role: "assistant", content: "" }));
    const onToken = (event: TokenEvent) => {
      if (event.text === "" && !withLogprobs) return;
      channel.put(this.chunk({ content: event.text }, withLogprobs ? [event] : undefined));
    };
    this.engine
      .generate(this.generate, { signal: abort.signal, onToken })
      .then((result) => {
        this.finish(channel, result);
        channel.finish({});
      })
      .catch((error: unknown) => channel.finish({ error }))
      .finally(() => this.options.signal?.removeEventListener("abort", stop));
    return {
      abort: () => abort.abort(aborted()),
      async *[Symbol.asyncIterator]() {
        try {
          yield* channel;
        } finally {
          abort.abort(aborted()); // no effect when it is over
        }
      },
    };
  }

  private finish(channel: Channel<ChatCompletionChunk>, result: GenerateResult): void {
    channel.put(this.chunk({}, undefined, finishReasons[result.finishReason]));
    if (this.request.stream_options?.include_usage)
      channel.put({ ...this.chunk({}), choices: [], usage: toUsage(result.stats) });
  }

  private chunk(
    delta: { role?: "assistant"; content?: string },
    events?: readonly TokenEvent[],
    finish: ChatFinishReason | null = null,
  ): ChatCompletionChunk {
    const usage = this.request.stream_options?.include_usage ? { usage: null } : {};
    return {
      ...this.head,
      object: "chat.completion.chunk",
      model: this.model,
      choices: [
        {
          index: 0,
          delta,
          logprobs: events === undefined ? null : toLogprobs(events),
          finish_reason: finish,
        },
      ],
      ...usage,
    };
  }
}

/** `chat.completions` of an engine. */
export function createChatCompletions(engine: Engine): ChatCompletions {
  const create = async (request: ChatCompletionRequest, options: CallOptions = {}) => {
    const generate = toGenerateRequest(request, engine.info.vocabSize);
    await checkTools(engine, generate);
    const completion = new Completion(engine, request, generate, options);
    return request.stream ? completion.stream() : completion.whole();
  };
  return { create: create as ChatCompletions["create"] };
}
