// wasm-features.ts: what this engine's WebAssembly can do. The probes are
// smallest modules with one instruction of the feature.
import { nodeModule } from "./host.js";

// () -> v128, body as given.
function probe(...body: number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x0b];
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const type = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  return new Uint8Array([
    ...header, ...type, ...functions, 10, code.length + 2, 1, code.length, ...code,
  ]);
}

// i32.const 0; i8x16.splat
const zeros = [0x41, 0, 0xfd, 0x0f];

export const hasSimd = (): boolean => WebAssembly.validate(probe(...zeros));

/** i32x4.relaxed_dot_i8x16_i7x16_add_s */
export const hasRelaxedSimd = (): boolean =>
  WebAssembly.validate(probe(...zeros, ...zeros, ...zeros, 0xfd, 0x93, 0x02));

/** Why there can be no threads; undefined: there can. */
export function whyNoThreads(): string | undefined {
  const scope = globalThis as { crossOriginIsolated?: boolean; document?: unknown };
  if (typeof SharedArrayBuffer === "undefined" || scope.crossOriginIsolated === false)
    return "the page is not cross-origin isolated";
  // Waiting is not allowed on a page's own thread.
  if (scope.document !== undefined) return "the engine runs on the page's own thread";
  if (nodeModule("node:worker_threads") !== undefined) return undefined;
  return typeof Worker === "undefined" ? "workers cannot be started here" : undefined;
}

/** Processors that this script may use. */
export function processorCount(): number {
  const os = nodeModule<{ availableParallelism?(): number }>("node:os");
  const navigator = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator;
  return os?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 1;
}
