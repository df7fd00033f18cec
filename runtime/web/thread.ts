// thread.ts: the script of a helper of the wasm device (threads.ts). It serves
// the model's thread pool until the model is closed, and then ends.
import { nodeModule } from "./host.js";
import { installKernels } from "./kernels-wasm.js";
import { runtimeImports } from "./runtime.js";
import type { ThreadStart } from "./threads.js";

/** Touches the pages of fresh memory, the last one first, while the engine's thread
 * fills it from the beginning: a page's first use costs more than its bytes. Adding
 * nothing changes no byte, whoever writes there. */
function touchPages(memory: WebAssembly.Memory, { begin, end }: ThreadStart["touch"]): void {
  const words = new Int32Array(memory.buffer);
  const pageBytes = 4096;
  for (let at = end - 4; at >= begin; at -= pageBytes) Atomics.add(words, at >>> 2, 0);
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

interface Port {
  once?(event: string, run: (message: ThreadStart) => void): void;
}
const node = nodeModule<{ parentPort: Port | null }>("node:worker_threads");
if (node?.parentPort) node.parentPort.once?.("message", (start) => void serve(start));
else
  addEventListener("message", (event: MessageEvent<ThreadStart>) => void serve(event.data), {
    once: true,
  });
