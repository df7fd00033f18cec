// mediapipe.ts: a facade with the shape of MediaPipe's LlmInference, for pages
// that were written for it: createFromOptions, generateResponse(prompt,
// listener), sizeInTokens, cancelProcessing, close.
import { SinterError } from "./errors.js";
import { load } from "./sinter.js";
import type { LoadOptions } from "./sinter.js";
import type { Engine, GenerateRequest } from "./types.js";

export interface LlmInferenceOptions {
  baseOptions: {
    /** The address of a bundle's folder. */
    modelAssetPath: string;
  };
  /** Tokens of prompt and reply together. */
  maxTokens?: number;
  topK?: number;
  temperature?: number;
  randomSeed?: number;
}

export type ProgressListener = (partialResult: string, done: boolean) => unknown;

export class LlmInference {
  private running: AbortController | undefined;
  private constructor(
    private readonly engine: Engine,
    private options: LlmInferenceOptions,
  ) {}

  /** The first argument, MediaPipe's fileset, is not needed and ignored. */
  static async createFromOptions(
    _fileset: unknown,
    options: LlmInferenceOptions,
    loadOptions: LoadOptions = {},
  ): Promise<LlmInference> {
    const path = options?.baseOptions?.modelAssetPath;
    if (typeof path !== "string")
      throw new SinterError(
        "INVALID_ARGUMENT",
        "baseOptions.modelAssetPath must be the address of a bundle's folder",
        { param: "baseOptions.modelAssetPath" },
      );
    return new LlmInference(await load(path, loadOptions), options);
  }

  static createFromModelPath(
    fileset: unknown,
    modelAssetPath: string,
    loadOptions?: LoadOptions,
  ): Promise<LlmInference> {
    return LlmInference.createFromOptions(fileset, { baseOptions: { modelAssetPath } }, loadOptions);
  }

  /** Changes what the next response is made with; the model stays. */
  async setOptions(options: Partial<Omit<LlmInferenceOptions, "baseOptions">>): Promise<void> {
    this.options = { ...this.options, ...options };
  }

  get isIdle(): boolean {
    return this.running === undefined;
  }

  /** The reply to a prompt, which is taken as it is, special tokens included.
   * listener: gets each piece of text, and at the end ("", true). */
  async generateResponse(prompt: string, listener?: ProgressListener): Promise<string> {
    if (this.running !== undefined)
      throw new SinterError(
        "INVALID_ARGUMENT",
        "a response is being generated; wait for it or call cancelProcessing()",
      );
    const abort = new AbortController();
    this.running = abort;
    let text = "";
    try {
      const request = await this.request(prompt);
      await this.engine.generate(request, {
        signal: abort.signal,
        onToken: (event) => {
          text += event.text;
          if (event.text !== "") listener?.(event.text, false);
        },
      });
    } catch (error) {
      // A cancelled response is the text so far.
      if (!abort.signal.aborted) throw error;
    } finally {
      this.running = undefined;
    }
    listener?.("", true);
    return text;
  }

  private async request(prompt: string): Promise<GenerateRequest> {
    const { maxTokens, topK, temperature, randomSeed } = this.options;
    const used = maxTokens === undefined ? 0 : await this.sizeInTokens(prompt);
    if (maxTokens !== undefined && used >= maxTokens)
      throw new SinterError(
        "CONTEXT_FULL",
        `the prompt has ${used} tokens, maxTokens is ${maxTokens}`,
        { promptTokens: used, context: maxTokens },
      );
    return {
      prompt,
      parseSpecial: true,
      maxTokens: maxTokens === undefined ? undefined : maxTokens - used,
      topK,
      temperature,
      seed: randomSeed,
    };
  }

  async sizeInTokens(text: string): Promise<number> {
    return (await this.engine.tokenize(text, { parseSpecial: true })).length;
  }

  /** Ends the response that is being generated, within a token. */
  cancelProcessing(): void {
    this.running?.abort();
  }

  close(): Promise<void> {
    this.cancelProcessing();
    return this.engine.dispose();
  }
}
