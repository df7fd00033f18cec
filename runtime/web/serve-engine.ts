// serve-engine.ts: an engine behind a port: what worker.ts runs, and what an
// application may run in a worker of its own (a shared or service worker).
import type { LocalEngine } from "./engine.js";
import { SinterError } from "./errors.js";
import { openEngine } from "./open.js";
import type { OpenOptions } from "./open.js";
import { serve } from "./rpc.js";
import type { CallContext, Port } from "./rpc.js";
import type {
  ChatMessage, ChatTemplateOptions, GenerateRequest, LogitsOptions, TokenizeOptions,
} from "./types.js";

/** Answers the calls of one page. */
export function serveEngine(port: Port): void {
  let engine: LocalEngine | undefined;
  const opened = (): LocalEngine => {
    if (engine === undefined)
      throw new SinterError("DISPOSED", "the engine was disposed of; load the model again");
    return engine;
  };
  serve(port, {
    async load([base, options]: [string, OpenOptions], { signal, emit }: CallContext) {
      engine = await openEngine(base, { ...options, signal, onProgress: emit });
      return engine.info;
    },
    async generate([request]: [GenerateRequest], { signal, emit }: CallContext) {
      const result = await opened().generate(request, { signal, onToken: emit });
      return { result, info: opened().info };
    },
    tokenize: async ([text, options]: [string, TokenizeOptions]) =>
      opened().tokenize(text, options),
    detokenize: async ([tokens, options]: [number[], { special?: boolean }]) =>
      opened().detokenize(tokens, options),
    applyChatTemplate: async ([messages, options]: [ChatMessage[], ChatTemplateOptions]) =>
      opened().applyChatTemplate(messages, options),
    tokenizeChat: async ([messages, options]: [ChatMessage[], ChatTemplateOptions]) =>
      opened().tokenizeChat(messages, options),
    logits: async ([tokens, options]: [number[], LogitsOptions], { signal }: CallContext) =>
      opened().logits(tokens, { ...options, signal }),
    stats: async () => opened().stats(),
    reset: async () => opened().reset(),
    async dispose() {
      const last = engine;
      engine = undefined;
      await last?.dispose();
    },
  });
}
