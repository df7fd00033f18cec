// open.ts: from an address to an engine in this thread: reads the manifest,
// chooses the device and says why, loads, checks.
import type { CacheEnvironment } from "./cache.js";
import { WasmDevice, checkWasmMemory, chooseWasm, usableWasmVariants } from "./device-wasm.js";
import { LocalEngine } from "./engine.js";
import type { Opened } from "./engine.js";
import { SinterError, throwIfAborted, toSinterError } from "./errors.js";
import type { AdapterInfo } from "./gpu-adapter.js";
import { findAdapter, usableVariants } from "./gpu-adapter.js";
import { now, resolveBase } from "./host.js";
import { BundleLoader } from "./loader.js";
import type { LoaderOptions } from "./loader.js";
import { openWebGpu } from "./open-webgpu.js";
import { ProgressMeter } from "./progress.js";
import type { ProgressListener } from "./progress.js";
import { goldenPath, hasGolden, prove, readGolden } from "./self-check.js";
import type { SelfCheck } from "./self-check.js";
import type { EngineInfo } from "./types.js";

export interface OpenOptions {
  /** "auto": WebGPU on a graphics card, else WebAssembly. */
  readonly device?: "auto" | "webgpu" | "wasm" | undefined;
  /** A variant by name instead of the best ("f32", "simd128"). */
  readonly variant?: string | undefined;
  /** Threads of the wasm device; default: one per processor, at most 16. */
  readonly threads?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: nothing is stored in the browser. */
  readonly cache?: boolean | undefined;
  /** The device is held against the bundle's golden logits: true: at every load,
   * false: never, default: once a week. */
  readonly selfCheck?: boolean | undefined;
  /** A GPU object instead of navigator.gpu (Node with the package "webgpu");
   * only without a worker. */
  readonly gpu?: unknown;
  /** Instead of the global fetch; only without a worker. */
  readonly fetch?: typeof fetch | undefined;
  /** For tests. */
  readonly environment?: CacheEnvironment | undefined;
}

/** Checks values that plain JavaScript may get wrong. */
export function checkOpenOptions(options: OpenOptions): void {
  const { device, threads } = options;
  if (device !== undefined && !["auto", "webgpu", "wasm"].includes(device))
    throw new SinterError(
      "INVALID_ARGUMENT",
      `device is "${String(device)}"; it must be "auto", "webgpu" or "wasm"`,
      { param: "device" },
    );
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 256))
    throw new SinterError(
      "INVALID_ARGUMENT",
      `threads is ${String(threads)}; it must be a whole number from 1 to 256`,
      { param: "threads" },
    );
}

interface Plan {
  readonly kind: "webgpu" | "wasm";
  readonly adapter?: AdapterInfo;
  readonly reason: string;
}

/** What to try first, and why. With "auto", wasm is preferred to an adapter
 * that computes on the processor: it is several times faster there. */
async function choose(loader: BundleLoader, options: OpenOptions): Promise<Plan> {
  const { device = "auto" } = options;
  const gpu = options.gpu as GPU | undefined;
  if (device === "wasm") return { kind: "wasm", reason: "as asked" };
  if (device === "webgpu") {
    const adapter = await findAdapter(gpu);
    usableVariants(loader.manifest, adapter, options.variant);
    return { kind: "webgpu", adapter, reason: "as asked" };
  }
  let without: unknown;
  try {
    chooseWasm(loader.manifest, options);
    checkWasmMemory(loader.manifest);
  } catch (error) {
    without = error;
  }
  try {
    const adapter = await findAdapter(gpu);
    usableVariants(loader.manifest, adapter, undefined);
    if (adapter.software && without === undefined)
      return {
        kind: "wasm",
        reason: `the WebGPU adapter (${adapter.description}) computes on the processor, where WebAssembly is faster`,
      };
    return { kind: "webgpu", adapter, reason: "WebGPU is there" };
  } catch (error) {
    if (without !== undefined) throw error;
    return { kind: "wasm", reason: toSinterError(error).message };
  }
}

class Opener {
  private selfCheck: SelfCheck;

  constructor(
    private readonly base: URL,
    private readonly options: OpenOptions,
  ) {
    const { selfCheck = "weekly" } = options;
    this.selfCheck = selfCheck === true ? "always" : selfCheck || "never";
  }

  /** For a device that is built anew after a failure. */
  distrust(): void {
    if (this.selfCheck === "weekly") this.selfCheck = "always";
  }

  loader(progress: ProgressMeter, signal: AbortSignal | undefined): Promise<BundleLoader> {
    const { cache, fetch, environment } = this.options;
    return BundleLoader.open(this.base, {
      progress, signal, cache, fetch, environment,
    } satisfies LoaderOptions);
  }

  async device(loader: BundleLoader, signal: AbortSignal | undefined): Promise<Opened> {
    try {
      return await this.anyDevice(loader, signal);
    } finally {
      loader.abandon();
    }
  }

  private async anyDevice(loader: BundleLoader, signal: AbortSignal | undefined): Promise<Opened> {
    const plan = await choose(loader, this.options);
    if (plan.kind === "wasm") return this.wasm(loader, plan.reason);
    try {
      const again = () => findAdapter(this.options.gpu as GPU | undefined);
      const device = await openWebGpu(loader, plan.adapter!, again, {
        variant: this.options.variant,
        selfCheck: this.selfCheck,
        signal,
      });
      return { device, reason: `${plan.reason}: ${device.reason}` };
    } catch (thrown) {
      throwIfAborted(signal);
      const error = toSinterError(thrown);
      const isGpus = [
        "NO_WEBGPU", "LIMIT_EXCEEDED", "OUT_OF_MEMORY", "DEVICE_LOST", "SHADER_FAILED",
        "SELF_CHECK_FAILED", "UNSUPPORTED",
      ].includes(error.code);
      if ((this.options.device ?? "auto") !== "auto" || !isGpus) throw error;
      try {
        return await this.wasm(loader, `WebGPU does not work here: ${error.message}`);
      } catch {
        throw error; // wasm cannot either: the first problem is the one to solve
      }
    }
  }

  /** The best variant that computes right; the others' failures are warnings. */
  private async wasm(loader: BundleLoader, reason: string): Promise<Opened> {
    const variants = this.options.variant
      ? [this.options.variant]
      : usableWasmVariants(loader.manifest).map((variant) => variant.name);
    for (let i = 0; ; ++i) {
      try {
        const device = await this.checkedWasm(loader, variants[i]);
        return { device, reason: `${reason}; ${device.reason}` };
      } catch (error) {
        if (toSinterError(error).code !== "SELF_CHECK_FAILED" || i + 1 >= variants.length) throw error;
        loader.warnings.push((error as Error).message);
      }
    }
  }

  private async checkedWasm(loader: BundleLoader, variant: string | undefined): Promise<WasmDevice> {
    const check = this.selfCheck !== "never" && hasGolden(loader);
    const { threads } = this.options;
    const more = check ? [goldenPath] : [];
    const device = await WasmDevice.open(loader, { threads, variant, more });
    loader.progress.enter("warmup");
    try {
      const golden = check ? await readGolden(loader) : undefined;
      if (golden !== undefined) await prove(loader, device, golden, this.selfCheck);
    } catch (error) {
      await device.dispose();
      throw error;
    }
    return device;
  }
}

function describe(loader: BundleLoader, { device, reason }: Opened): EngineInfo {
  const { manifest } = loader;
  const { limits } = device;
  return {
    name: manifest.name,
    generator: manifest.generator,
    ...manifest.model,
    hasTokenizer: device.model.hasTokenizer,
    hasChatTemplate: manifest.hasChatTemplate,
    device: device.name,
    variant: device.variant,
    reason,
    threads: device.threads,
    worker: false,
    bytes: {
      download: loader.progress.totalBytes,
      weights: limits.weightBytes,
      arena: limits.arenaBytes,
      state: limits.stateBytes,
    },
    cache: loader.cacheKind,
    offline: loader.offline,
    warnings: [...loader.warnings],
    eosIds: limits.eosIds,
    bosId: limits.bosId,
  };
}

/** Loads a bundle into this thread. */
export async function openEngine(
  base: string | URL,
  options: OpenOptions = {},
): Promise<LocalEngine> {
  checkOpenOptions(options);
  const opener = new Opener(resolveBase(base), options);
  const began = now();
  const progress = new ProgressMeter(options.onProgress);
  try {
    const loader = await opener.loader(progress, options.signal);
    const opened = await opener.device(loader, options.signal);
    progress.enter("ready");
    const stageSeconds: Record<string, number> = {};
    for (const [stage, time] of Object.entries(progress.stageTimes))
      stageSeconds[stage] = time / 1000;
    return new LocalEngine({
      ...opened,
      info: describe(loader, opened),
      sampling: loader.manifest.sampling,
      load: {
        seconds: (now() - began) / 1000,
        stageSeconds,
        downloadedBytes: progress.downloadedBytes,
        cachedBytes: progress.cachedBytes,
        healedFiles: loader.healedFiles,
      },
      rebuild: async (signal) => {
        opener.distrust();
        const again = await opener.loader(new ProgressMeter(), signal);
        return opener.device(again, signal);
      },
    });
  } catch (error) {
    throwIfAborted(options.signal);
    throw toSinterError(error);
  }
}
