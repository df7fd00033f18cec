// types.ts: the interface of an engine, the same whether it runs in a worker or
// here. Plain data crosses; functions stay on the caller's side.
import type { ChatCompletions } from "./openai.js";
import type { Progress, Stage } from "./progress.js";

export interface ChatMessage {
  readonly role: string;
  /** Text, or what the model's template understands. */
  readonly content: unknown;
  readonly [field: string]: unknown;
}

/** How tokens are chosen. What is absent takes the bundle's default. Order:
 * logitBias, penalties, temperature, topK, topP, minP. */
export interface SamplingOptions {
  /** 0: always the likeliest token; at most 100. */
  readonly temperature?: number | undefined;
  /** Keep this many of the likeliest; 0: all. */
  readonly topK?: number | undefined;
  /** (0, 1]; keep the likeliest that together reach it. */
  readonly topP?: number | undefined;
  /** [0, 1); keep what has this share of the likeliest's probability. */
  readonly minP?: number | undefined;
  /** (0, 100]; 1: off. */
  readonly repeatPenalty?: number | undefined;
  /** [-100, 100] */
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  /** Tokens of the past that count for penalties; default 64. */
  readonly penaltyWindow?: number | undefined;
  /** Token id to what is added to its logit, [-100, 100]; at most 300. -100 all
   * but forbids a token, 100 all but forces it. */
  readonly logitBias?: Readonly<Record<number, number>> | undefined;
  /** The same seed, request and device give the same reply; absent: random. */
  readonly seed?: number | undefined;
}

export interface GenerateRequest extends SamplingOptions {
  /** Exactly one of these three. */
  readonly prompt?: string | undefined;
  readonly tokens?: ArrayLike<number> | undefined;
  readonly messages?: readonly ChatMessage[] | undefined;
  /** With messages: for the model's template. */
  readonly tools?: readonly unknown[] | undefined;
  readonly templateVariables?: Readonly<Record<string, unknown>> | undefined;
  /** With a prompt: names of special tokens in it are these tokens. Never with
   * text from strangers. Default false. */
  readonly parseSpecial?: boolean | undefined;
  /** Default: until the context is full. */
  readonly maxTokens?: number | undefined;
  readonly ignoreEos?: boolean | undefined;
  /** At most 16 texts of at most 256 bytes; they are not part of the reply. */
  readonly stop?: string | readonly string[] | undefined;
  readonly stopTokens?: readonly number[] | undefined;
  /** Report each token's logarithm of probability, and of so many others. */
  readonly logprobs?: number | undefined;
}

export interface TokenLogprob {
  readonly token: number;
  readonly text: string;
  readonly logprob: number;
}

export interface TokenEvent {
  /** -1: only text that had been held back. */
  readonly token: number;
  /** What became certain; never a part of a character or of a stop text. */
  readonly text: string;
  readonly logprob?: TokenLogprob;
  readonly topLogprobs?: readonly TokenLogprob[];
}

export type FinishReason = "eos" | "stop_token" | "stop_string" | "length" | "context_full";

export interface GenerateStats {
  readonly promptTokens: number;
  /** Of those: held from before, not computed again. */
  readonly reusedTokens: number;
  readonly generatedTokens: number;
  /** Waiting for earlier requests. */
  readonly queueSeconds: number;
  readonly prefillSeconds: number;
  /** From the request's turn to its first token. */
  readonly firstTokenSeconds: number;
  /** From the first token to the end. */
  readonly decodeSeconds: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
}

export interface GenerateResult {
  readonly tokens: number[];
  readonly text: string;
  readonly finishReason: FinishReason;
  /** The end or stop token, or -1. */
  readonly stopToken: number;
  /** The stop text that ended it. */
  readonly stopString: string | undefined;
  readonly logprobs: readonly TokenEvent[] | undefined;
  readonly stats: GenerateStats;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
export interface GenerateOptions extends CallOptions {
  readonly onToken?: ((event: TokenEvent) => void) | undefined;
}
export interface LogitsOptions extends CallOptions {
  /** One token at a time, through the decode path. */
  readonly stepwise?: boolean | undefined;
}
export interface TokenizeOptions {
  /** Add what the model expects around a text. Default true. */
  readonly special?: boolean | undefined;
  /** Read names of special tokens as these tokens. Default false. */
  readonly parseSpecial?: boolean | undefined;
}

export interface EngineInfo {
  readonly name: string;
  readonly architecture: string;
  readonly quantization: string;
  readonly generator: string;
  readonly parameters: number;
  readonly bitsPerWeight: number;
  readonly context: number;
  readonly vocabSize: number;
  readonly hasTokenizer: boolean;
  readonly hasChatTemplate: boolean;
  readonly device: "wasm" | "webgpu";
  readonly variant: string;
  /** Why this device and variant. */
  readonly reason: string;
  readonly threads: number;
  /** True when the engine runs in a worker of its own. */
  readonly worker: boolean;
  readonly bytes: {
    readonly download: number;
    readonly weights: number;
    readonly arena: number;
    readonly state: number;
  };
  readonly cache: "opfs" | "cache-storage" | "none";
  readonly offline: boolean;
  /** Things to tell the user: that nothing could be cached, say. */
  readonly warnings: readonly string[];
  readonly eosIds: readonly number[];
  readonly bosId: number;
}

export interface EngineStats {
  readonly load: {
    readonly seconds: number;
    readonly stageSeconds: Partial<Record<Stage, number>>;
    readonly downloadedBytes: number;
    readonly cachedBytes: number;
    /** Files whose bytes were wrong and that were fetched again. */
    readonly healedFiles: number;
  };
  readonly requests: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Tokens that the KV cache holds. */
  readonly contextUsed: number;
  /** Times the device was lost and built again. */
  readonly rebuilds: number;
  /** WebAssembly memory of the engine, bytes. */
  readonly wasmBytes: number;
  /** Buffers on the GPU, bytes. */
  readonly gpuBytes: number;
  readonly last: GenerateStats | undefined;
}

export interface Engine {
  readonly info: EngineInfo;
  /** OpenAI's shape: engine.chat.completions.create({messages, ...}). */
  readonly chat: { readonly completions: ChatCompletions };
  generate(request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult>;
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>;
  detokenize(tokens: ArrayLike<number>, options?: { special?: boolean }): Promise<string>;
  /** A conversation as the model's template writes it. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): Promise<string>;
  tokenizeChat(messages: readonly ChatMessage[], options?: ChatTemplateOptions): Promise<number[]>;
  /** Logits after each token, [tokens, vocabSize]; the conversation is forgotten. */
  logits(tokens: ArrayLike<number>, options?: LogitsOptions): Promise<Float32Array>;
  stats(): Promise<EngineStats>;
  /** Forgets the conversation that is kept for reuse. */
  reset(): Promise<void>;
  /** Ends running requests (DISPOSED) and frees everything. A second call does
   * nothing; any other call then gives DISPOSED. */
  dispose(): Promise<void>;
}

export interface ChatTemplateOptions {
  readonly tools?: readonly unknown[] | undefined;
  readonly templateVariables?: Readonly<Record<string, unknown>> | undefined;
  /** Default true: ends with the beginning of a reply. */
  readonly addGenerationPrompt?: boolean | undefined;
}

export type { Progress, Stage };
