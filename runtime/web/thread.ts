// thread.ts: the script of helpers. One of the wasm device (threads.ts) serves the
// model's thread pool until the model is closed, and then ends; another one hashes
// (hash-thread.ts).
import type { HashJob, HashReply, HashStart } from "./hash-thread.js";
import { nodeModule } from "./host.js";
import { installKernels } from "./kernels-wasm.js";
import { hashPieces } from "./pieces.js";
import { runtimeImports } from "./runtime.js";
import type { ThreadStart } from "./threads.js";

const pageBytes = 4096;
const blockPages = 1024;
/** Milliseconds for a block's pages that are worth a processor. */
const dearBlock = 14;

/** Touches the pages of fresh memory, the last one first, while the engine's thread
 * fills it from the beginning: on some machines a page's first use costs several
 * times what its bytes do. On the others, as the first undisturbed block tells, this
 * would only stand in the way of the thread that hashes. Adding nothing changes no
 * byte, whoever writes there. */
function touchPages(memory: WebAssembly.Memory, { begin, end }: ThreadStart["touch"]): void {
  const words = new Int32Array(memory.buffer);
  for (let last = end; last > begin; last -= blockPages * pageBytes) {
    const started = performance.now();
    const first = Math.max(begin, last - blockPages * pageBytes);
    for (let at = last - 4; at >= first; at -= pageBytes) Atomics.add(words, at >>> 2, 0);
    if (performance.now() - started < dearBlock) return;
  }
}

async function serve(start: ThreadStart): Promise<void> {
  touchPages(start.memory, start.touch);
  const { exports } = await WebAssembly.instantiate(start.runtime, runtimeImports(start.memory));
  const stackPointer = exports["__stack_pointer"] as WebAssembly.Global;
  stackPointer.value = start.stackPointer;
  const table = exports["__indirect_function_table"] as WebAssembly.Table;
  await installKernels(
    { memory: start.memory, table, stackPointer },
    start.kernels,
    start.kernelNames,
    start.firstKernel,
  );
  (exports["sinter_web_worker"] as (index: number) => number)(start.index);
}

function serveHashes(): void {
  const port = globalThis as unknown as {
    onmessage: unknown;
    postMessage(message: HashReply | "ready" | "failed", transfer?: Transferable[]): void;
  };
  port.onmessage = async ({ data: { buffer, size } }: MessageEvent<HashJob>) => {
    try {
      const hashes = await hashPieces(new Uint8Array(buffer, 0, size));
      port.postMessage({ buffer, hashes }, [buffer]);
    } catch {
      port.postMessage("failed");
    }
  };
  port.postMessage("ready");
}

interface Port {
  once?(event: string, run: (message: ThreadStart) => void): void;
}
const node = nodeModule<{ parentPort: Port | null }>("node:worker_threads");
if (node?.parentPort) node.parentPort.once?.("message", (start) => void serve(start));
else
  addEventListener(
    "message",
    ({ data }: MessageEvent<ThreadStart | HashStart>) => {
      if ("hash" in data) serveHashes();
      else void serve(data);
    },
    { once: true },
  );
