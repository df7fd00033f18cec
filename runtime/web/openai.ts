// openai.ts: chat completions in the shape of OpenAI's interface: requests,
// replies and chunks have its fields. Requests are checked strictly: a field
// that is unknown, of the wrong type or out of range is an error that names it.
import { SinterError, aborted } from "./errors.js";
import { checkNumber, resolveStops } from "./request.js";
import type {
  CallOptions, ChatMessage, Engine, FinishReason, GenerateRequest, GenerateResult, GenerateStats,
  TokenEvent, TokenLogprob,
} from "./types.js";

export interface ChatCompletionRequest {
  messages: readonly ChatMessage[];
  model?: string | undefined;
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | undefined } | null | undefined;
  max_tokens?: number | null | undefined;
  max_completion_tokens?: number | null | undefined;
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  min_p?: number | null | undefined;
  frequency_penalty?: number | null | undefined;
  presence_penalty?: number | null | undefined;
  repetition_penalty?: number | null | undefined;
  seed?: number | null | undefined;
  stop?: string | readonly string[] | null | undefined;
  logprobs?: boolean | null | undefined;
  top_logprobs?: number | null | undefined;
  n?: 1 | null | undefined;
  tools?: readonly unknown[] | null | undefined;
  ignore_eos?: boolean | null | undefined;
  user?: string | undefined;
  /** Variables of the model's chat template ("enable_thinking"). */
  chat_template_kwargs?: Readonly<Record<string, unknown>> | null | undefined;
}

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

function invalid(param: string, message: string): never {
  throw new SinterError("INVALID_REQUEST", `${param}: ${message}`, { param });
}

const known = new Set([
  "messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens",
  "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty",
  "repetition_penalty", "seed", "stop", "logprobs", "top_logprobs", "n", "tools", "ignore_eos",
  "user", "chat_template_kwargs",
]);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkMessages(messages: unknown): asserts messages is ChatMessage[] {
  if (!Array.isArray(messages) || messages.length === 0)
    invalid("messages", "must be a list of at least one message");
  messages.forEach((message: unknown, index) => {
    const path = `messages[${index}]`;
    if (!isObject(message)) invalid(path, "must be an object");
    if (typeof message["role"] !== "string" || message["role"] === "")
      invalid(`${path}.role`, "must be a text such as \"user\"");
    const { content } = message;
    const isText = typeof content === "string";
    if (isText || Array.isArray(content)) return;
    const hasCalls = Array.isArray(message["tool_calls"]);
    if (!(content === null || content === undefined) || !hasCalls)
      invalid(`${path}.content`, "must be a text or a list of parts");
  });
}

/** Texts of parts joined; other kinds of parts are refused. */
function flatten(message: ChatMessage, index: number): ChatMessage {
  if (!Array.isArray(message.content)) return message;
  const texts = message.content.map((part: unknown, at) => {
    const path = `messages[${index}].content[${at}]`;
    if (!isObject(part)) invalid(path, "must be an object");
    if (part["type"] !== "text")
      invalid(`${path}.type`, `is ${JSON.stringify(part["type"])}; only "text" is supported`);
    if (typeof part["text"] !== "string") invalid(`${path}.text`, "must be a text");
    return part["text"];
  });
  return { ...message, content: texts.join("") };
}

type Rule = Parameters<typeof checkNumber>[2];

/** OpenAI's request as ours; INVALID_REQUEST with the field's path. */
export function toGenerateRequest(request: ChatCompletionRequest): GenerateRequest {
  if (!isObject(request)) invalid("request", "must be an object");
  for (const field of Object.keys(request))
    if (!known.has(field)) invalid(field, "is not a parameter that this engine knows");
  const { messages } = request;
  checkMessages(messages);
  const number = (field: keyof ChatCompletionRequest, rule: Rule): number | undefined => {
    const value: unknown = request[field];
    if (value === undefined || value === null) return undefined;
    try {
      return checkNumber(field, value, rule);
    } catch (error) {
      throw new SinterError("INVALID_REQUEST", (error as Error).message, { param: field });
    }
  };
  const flag = (field: keyof ChatCompletionRequest): boolean => {
    const value: unknown = request[field] ?? false;
    if (typeof value !== "boolean") invalid(field, "must be true or false");
    return value;
  };
  const text = (field: keyof ChatCompletionRequest) => {
    const value: unknown = request[field];
    if (value !== undefined && typeof value !== "string") invalid(field, "must be a text");
  };
  text("model");
  text("user");
  flag("stream");
  number("n", { low: 1, high: 1, whole: true });
  const options: unknown = request.stream_options ?? {};
  if (!isObject(options)) invalid("stream_options", "must be an object");
  for (const field of Object.keys(options))
    if (field !== "include_usage") invalid(`stream_options.${field}`, "is not known");
  if (request.tools != null && !Array.isArray(request.tools)) invalid("tools", "must be a list");
  const variables: unknown = request.chat_template_kwargs ?? undefined;
  if (variables !== undefined && !isObject(variables))
    invalid("chat_template_kwargs", "must be an object");
  let stop: string[];
  try {
    stop = resolveStops(request.stop);
  } catch (error) {
    const { message, details } = error as SinterError;
    throw new SinterError("INVALID_REQUEST", message, details);
  }
  const top = number("top_logprobs", { low: 0, high: 20, whole: true });
  const wants = flag("logprobs");
  if (top !== undefined && !wants) invalid("top_logprobs", "needs logprobs: true");
  const penalty = { low: -2, high: 2 };
  const length = { low: 1, high: 2 ** 31 - 1, whole: true };
  const maxTokens = number("max_completion_tokens", length) ?? number("max_tokens", length);
  return {
    messages: messages.map(flatten),
    tools: request.tools ?? undefined,
    templateVariables: variables as Record<string, unknown> | undefined,
    maxTokens,
    temperature: number("temperature", { low: 0, high: 2 }),
    topP: number("top_p", { low: 0, high: 1, openLow: true }),
    topK: number("top_k", { low: 0, high: 2 ** 31 - 1, whole: true }),
    minP: number("min_p", { low: 0, high: 1, openHigh: true }),
    frequencyPenalty: number("frequency_penalty", penalty),
    presencePenalty: number("presence_penalty", penalty),
    repeatPenalty: number("repetition_penalty", { low: 0, high: 100, openLow: true }),
    seed: number("seed", { low: -(2 ** 53) + 1, high: 2 ** 53 - 1, whole: true }),
    stop,
    ignoreEos: flag("ignore_eos"),
    logprobs: wants ? (top ?? 0) : undefined,
  };
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
    const completion = new Completion(engine, request, toGenerateRequest(request), options);
    return request.stream ? completion.stream() : completion.whole();
  };
  return { create: create as ChatCompletions["create"] };
}
