// thread.ts: the script of a helper of the wasm device (threads.ts). It serves
// the model's thread pool until the model is closed, and then ends.
import { nodeModule } from "./host.js";
import { installKernels } from "./kernels-wasm.js";
import { runtimeImports } from "./runtime.js";
import type { ThreadStart } from "./threads.js";

async function serve(start: ThreadStart): Promise<void> {
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
