// kernels-wasm.ts: puts a kernel module's functions into the runtime's table, in
// the engine's thread and at the same places in every worker.
import { SinterError } from "./errors.js";

export interface KernelHost {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  readonly stackPointer: WebAssembly.Global;
}

/** The kernels' ids, in the order of the plan's table. */
export function kernelNames(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter((entry) => entry.kind === "function" && !entry.name.startsWith("_"))
    .map((entry) => entry.name);
}

/** Instantiates the kernels and sets the table from `first` on; the table
 * grows as far as that takes. */
export async function installKernels(
  host: KernelHost,
  module: WebAssembly.Module,
  names: readonly string[],
  first: number,
): Promise<void> {
  const zero = () => new WebAssembly.Global({ value: "i32", mutable: false }, 0);
  let instance: WebAssembly.Instance;
  try {
    instance = await WebAssembly.instantiate(module, {
      env: {
        memory: host.memory,
        __indirect_function_table: host.table,
        __stack_pointer: host.stackPointer,
        __memory_base: zero(),
        __table_base: zero(),
      },
    });
  } catch (error) {
    throw new SinterError(
      "UNSUPPORTED",
      `the kernels do not fit the runtime (${(error as Error).message}); compile the bundle again`,
      {},
      error,
    );
  }
  const needed = first + names.length - host.table.length;
  if (needed > 0) host.table.grow(needed);
  names.forEach((name, index) => host.table.set(first + index, instance.exports[name]));
}
