// remote.ts: an engine that runs behind a port, most often in a dedicated
// worker. A worker that crashes rejects what waits; loading again starts a new
// one.
import { SinterError, throwIfAborted } from "./errors.js";
import { createChatCompletions } from "./openai.js";
import type { ChatCompletions } from "./openai.js";
import type { OpenOptions } from "./open.js";
import { RpcClient } from "./rpc.js";
import type { Port } from "./rpc.js";
import type {
  ChatMessage, ChatTemplateOptions, Engine, EngineInfo, EngineStats, GenerateOptions,
  GenerateRequest, GenerateResult, LogitsOptions, TokenizeOptions,
} from "./types.js";

class RemoteEngine implements Engine {
  readonly chat: { readonly completions: ChatCompletions };
  private disposal: Promise<void> | undefined;

  constructor(
    private readonly rpc: RpcClient,
    public info: EngineInfo,
    private readonly close: () => void,
  ) {
    this.chat = { completions: createChatCompletions(this) };
  }

  private call<T>(method: string, args: unknown[], extras = {}): Promise<T> {
    if (this.disposal !== undefined) return Promise.reject(disposed());
    return this.rpc.call<T>(method, args, extras);
  }

  async generate(request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    const plain =
      request?.tokens === undefined ? request : { ...request, tokens: Array.from(request.tokens) };
    const { result, info } = await this.call<{ result: GenerateResult; info: EngineInfo }>(
      "generate",
      [plain],
      { signal: options.signal, onEvent: options.onToken },
    );
    this.info = { ...info, worker: true };
    return result;
  }
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    return this.call("tokenize", [text, options]);
  }
  detokenize(tokens: ArrayLike<number>, options?: { special?: boolean }): Promise<string> {
    return this.call("detokenize", [Array.from(tokens), options]);
  }
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): Promise<string> {
    return this.call("applyChatTemplate", [messages, options]);
  }
  tokenizeChat(messages: readonly ChatMessage[], options?: ChatTemplateOptions): Promise<number[]> {
    return this.call("tokenizeChat", [messages, options]);
  }
  logits(tokens: ArrayLike<number>, options: LogitsOptions = {}): Promise<Float32Array> {
    const { signal, ...rest } = options;
    return this.call("logits", [Array.from(tokens), rest], { signal });
  }
  stats(): Promise<EngineStats> {
    return this.call("stats", []);
  }
  reset(): Promise<void> {
    return this.call("reset", []);
  }
  dispose(): Promise<void> {
    this.disposal ??= this.rpc
      .callLast("dispose", disposed())
      .catch(() => undefined) // a worker that is gone holds nothing
      .then(this.close);
    return this.disposal;
  }
}

function disposed(): SinterError {
  return new SinterError("DISPOSED", "the engine was disposed of; load the model again");
}

/** Loads through a port that serveEngine answers. close: ends the other side. */
export async function loadThroughPort(
  port: Port,
  base: URL,
  options: OpenOptions,
  close: () => void,
  watch: (fail: (error: SinterError) => void) => void = () => undefined,
): Promise<Engine> {
  throwIfAborted(options.signal);
  const rpc = new RpcClient(port);
  watch((error) => {
    rpc.fail(error);
    close();
  });
  const { onProgress, signal, ...plain } = options;
  try {
    const info = await rpc.call<EngineInfo>("load", [base.href, plain], { signal, onEvent: onProgress });
    return new RemoteEngine(rpc, { ...info, worker: true }, close);
  } catch (error) {
    close();
    throw error;
  }
}

/** Loads in a dedicated worker. */
export function loadInWorker(worker: Worker, base: URL, options: OpenOptions): Promise<Engine> {
  const watch = (fail: (error: SinterError) => void) => {
    worker.addEventListener("error", (event) => {
      event.preventDefault?.();
      fail(
        new SinterError(
          "WORKER_FAILED",
          `the engine's worker failed (${event.message || "its script could not be loaded"}); ` +
            "load the model again; a page's policy must allow worker-src 'self'",
        ),
      );
    });
    worker.addEventListener("messageerror", () =>
      fail(new SinterError("WORKER_FAILED", "a message to the engine's worker was damaged")),
    );
  };
  return loadThroughPort(worker, base, options, () => worker.terminate(), watch);
}
