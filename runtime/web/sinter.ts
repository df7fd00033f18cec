// sinter.ts: the library's entry: load() and what an application needs around
// it. docs/web-api.md describes it.
import { SinterError } from "./errors.js";
import { isNode, resolveBase, startWorker } from "./host.js";
import { checkOpenOptions, openEngine } from "./open.js";
import type { OpenOptions } from "./open.js";
import { loadInWorker } from "./remote.js";
import type { Engine } from "./types.js";

export interface LoadOptions extends OpenOptions {
  /** True (default in browsers): the engine runs in a dedicated worker. False:
   * in this thread, where a page stands still while it computes (wasm). Or the
   * worker to use, one that runs worker.js. */
  readonly worker?: boolean | Worker | undefined;
}

/** Loads the bundle whose folder is at base (relative: to the page; in Node: to
 * the current folder). Errors are SinterError. */
export async function load(base: string | URL, options: LoadOptions = {}): Promise<Engine> {
  const { worker, ...rest } = options;
  checkOpenOptions(rest);
  const canWork = typeof Worker !== "undefined" && !isNode();
  const isGiven = typeof worker === "object" && worker !== null;
  if (worker === true && !canWork)
    throw new SinterError(
      "UNSUPPORTED",
      "no dedicated worker can be started here; load with worker: false",
      { param: "worker" },
    );
  const needsHere = rest.gpu !== undefined || rest.fetch !== undefined || rest.environment !== undefined;
  if (!isGiven && (worker === false || !canWork || needsHere)) return openEngine(base, rest);
  const start = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "sinter" });
  const started = isGiven
    ? (worker as Worker)
    : startWorker("worker.js", import.meta.url, start);
  return loadInWorker(started, resolveBase(base), rest);
}

/** Asks the browser not to evict the cached models. */
export async function persistCache(): Promise<boolean> {
  const { storage } = (globalThis as { navigator?: Navigator }).navigator ?? {};
  return (await storage?.persist?.()) ?? false;
}

export { deleteCached, listCached } from "./cache.js";
export type { CachedBundle } from "./cache.js";
export { SinterError, errorCodes } from "./errors.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
export type {
  ChatCompletion, ChatCompletionChunk, ChatCompletions, ChatCompletionStream, ChatFinishReason,
  ChatLogprob, ChatUsage,
} from "./openai.js";
export type { ChatCompletionRequest } from "./openai-request.js";
export { loadThroughPort } from "./remote.js";
export { serveEngine } from "./serve-engine.js";
export type * from "./types.js";
