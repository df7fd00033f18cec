// threads.ts: the workers that help the engine's thread compute. They run
// thread.js: the same runtime and kernels on the same shared memory. Nobody
// waits for them: one that comes late, or never, only makes it slower.
import { nodeModule, startWorker } from "./host.js";
import type { Runtime } from "./runtime.js";

/** What a worker is told once. */
export interface ThreadStart {
  readonly runtime: WebAssembly.Module;
  readonly kernels: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernelNames: readonly string[];
  readonly firstKernel: number;
  readonly stackPointer: number;
  readonly index: number;
  /** Bytes of the memory that the helper touches before it serves. */
  readonly touch: { readonly begin: number; readonly end: number };
}

interface AnyWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  unref?(): void;
  onerror?: unknown;
  on?(event: string, run: () => void): void;
}

function startHelper(): AnyWorker {
  const node = nodeModule<{ Worker: new (url: URL) => AnyWorker }>("node:worker_threads");
  if (node !== undefined) {
    const worker = new node.Worker(new URL("./thread.js", import.meta.url));
    worker.unref?.();
    worker.on?.("error", () => undefined);
    return worker;
  }
  return startBrowserHelper();
}

/** A worker that runs thread.js. */
export function startBrowserHelper(): Worker {
  return startWorker("thread.js", import.meta.url, () =>
    new Worker(new URL("./thread.js", import.meta.url), { type: "module" }),
  );
}

export class Threads {
  private readonly workers: AnyWorker[] = [];
  private readonly stacks: number[] = [];

  constructor(
    private readonly runtime: Runtime,
    start: Omit<ThreadStart, "index" | "stackPointer" | "memory">,
    count: number,
  ) {
    const { begin, end } = start.touch;
    const share = Math.ceil((end - begin) / (count - 1));
    const stackBytes = (runtime.exports["sinter_web_stack_bytes"] as () => number)();
    for (let index = 1; index < count; ++index) {
      const stack = runtime.alloc(stackBytes);
      this.stacks.push(stack);
      const worker = startHelper();
      this.workers.push(worker);
      worker.postMessage({
        ...start,
        memory: runtime.memory,
        stackPointer: stack + stackBytes,
        index,
        touch: { begin: begin + (index - 1) * share, end: Math.min(end, begin + index * share) },
      } satisfies ThreadStart);
    }
  }

  /** After the model is closed. */
  dispose(): void {
    for (const worker of this.workers) void worker.terminate();
    for (const stack of this.stacks) this.runtime.free(stack);
    this.workers.length = this.stacks.length = 0;
  }
}
