// device-wasm.ts: the device on the processor. The C++ runtime does the work;
// weights, activations and KV cache lie in the WebAssembly memory. With threads
// (sinter-threads.wasm) the memory is shared with helpers in workers.
import type { Device, DeviceLimits } from "./device.js";
import { SinterError, formatBytes } from "./errors.js";
import { installKernels, kernelNames } from "./kernels-wasm.js";
import type { BundleLoader } from "./loader.js";
import { weightPaths } from "./manifest.js";
import type { Manifest, VariantInfo } from "./manifest.js";
import { Model } from "./model.js";
import type { Sampler } from "./model.js";
import { readPlan } from "./plan.js";
import { Runtime, encode } from "./runtime.js";
import type { SamplerSettings } from "./runtime.js";
import { Threads } from "./threads.js";
import { hasRelaxedSimd, hasSimd, processorCount, whyNoThreads } from "./wasm-features.js";

const pageBytes = 65536;
const maxPages = 65536; // 4 GiB
// Runtime, plan, tokenizer, stacks and room to breathe.
const overheadBytes = 48 << 20;

export interface WasmOptions {
  readonly variant?: string | undefined;
  readonly threads?: number | undefined;
  /** Files that are wanted afterwards, for the total of the progress. */
  readonly more?: readonly string[] | undefined;
}

interface Choice {
  readonly variant: VariantInfo;
  readonly reason: string;
  readonly threads: number;
}

function canRun(variant: VariantInfo): boolean {
  const needs = new Set([variant.name, ...variant.features]);
  if (needs.has("relaxed") || needs.has("relaxed-simd")) return hasRelaxedSimd();
  return hasSimd();
}

function chooseThreads(manifest: Manifest, variant: string, wanted: number | undefined): [number, string] {
  if (wanted === 1) return [1, "1 thread, as asked"];
  const count = Math.min(256, wanted ?? Math.min(16, processorCount()));
  const why =
    whyNoThreads() ??
    (manifest.files.has("runtime/sinter-threads.wasm") &&
    manifest.files.has(`kernels/wasm/${variant}-threads.wasm`)
      ? undefined
      : "the bundle has no kernels for threads");
  if (why !== undefined) return [1, `1 thread: ${why}`];
  return count < 2 ? [1, "1 thread: one processor"] : [count, `${count} threads`];
}

/** The variants that this engine runs, best first. */
export function usableWasmVariants(manifest: Manifest): VariantInfo[] {
  return manifest.targets.get("wasm")?.variants.filter(canRun) ?? [];
}

/** Variant and threads, and why; UNSUPPORTED when there is none. */
export function chooseWasm(manifest: Manifest, options: WasmOptions): Choice {
  const target = manifest.targets.get("wasm");
  if (target === undefined)
    throw new SinterError(
      "UNSUPPORTED",
      "the bundle has no kernels for WebAssembly; compile it with --target web or wasm",
    );
  const usable = usableWasmVariants(manifest);
  const found =
    options.variant === undefined
      ? usable[0]
      : usable.find((variant) => variant.name === options.variant);
  if (found === undefined)
    throw new SinterError(
      "UNSUPPORTED",
      `this WebAssembly engine does not run ${options.variant ?? "any variant"} of the bundle ` +
        `(it has ${target.variants.map((v) => v.name).join(", ")}); they need SIMD: use a browser of 2022 or later`,
    );
  const [threads, why] = chooseThreads(manifest, found.name, options.threads);
  const which = found === target.variants[0] ? "the best variant" : "not the best variant";
  return { variant: found, threads, reason: `${found.name}, ${which}; ${why}` };
}

function sizes(manifest: Manifest) {
  const target = manifest.targets.get("wasm");
  return {
    weights: manifest.bytes.weights,
    arena: target?.arenaBytes ?? 0,
    state: target?.stateBytes ?? 0,
  };
}

/** Throws when the model cannot fit into a WebAssembly memory. */
export function checkWasmMemory(manifest: Manifest): void {
  const { weights, arena, state } = sizes(manifest);
  const needed = weights + arena + state + overheadBytes;
  const most = maxPages * pageBytes;
  if (needed <= most) return;
  throw new SinterError(
    "LIMIT_EXCEEDED",
    `the model needs ${formatBytes(needed)} of WebAssembly memory (weights ${formatBytes(weights)}, ` +
      `KV cache ${formatBytes(state)}), ${formatBytes(most)} are the most there is; ` +
      "use WebGPU, or compile it with fewer bits or a smaller --context",
    { limit: "WebAssembly memory", needed, available: most },
  );
}

function files(choice: Choice) {
  const suffix = choice.threads > 1 ? "-threads" : "";
  return {
    runtime: `runtime/sinter${suffix}.wasm`,
    kernels: `kernels/wasm/${choice.variant.name}${suffix}.wasm`,
  };
}

/** Compiles a file of the bundle; UNSUPPORTED says what a page must allow. */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new SinterError(
      "UNSUPPORTED",
      `${path} cannot be compiled (${(error as Error).message}); a page's policy must allow ` +
        "script-src 'wasm-unsafe-eval'",
      { file: path },
      error,
    );
  }
}

function sharedMemory(manifest: Manifest): WebAssembly.Memory {
  const { weights, arena, state } = sizes(manifest);
  // Some engines reserve the maximum at once: ask for what is needed.
  const needed = weights + 2 * (arena + state) + 4 * overheadBytes;
  const maximum = Math.min(maxPages, Math.ceil(needed / pageBytes));
  try {
    return new WebAssembly.Memory({ initial: 64, maximum, shared: true });
  } catch (error) {
    throw new SinterError(
      "OUT_OF_MEMORY",
      `the browser gives no shared memory of ${formatBytes(maximum * pageBytes)}; close other tabs`,
      { needed: maximum * pageBytes },
      error,
    );
  }
}

/** Opens manifest, plan and tokenizer in a runtime. */
export async function openModel(
  loader: BundleLoader,
  runtime: Runtime,
  plan: string,
  module: number,
  threads: number,
): Promise<Model> {
  const { manifest } = loader;
  const opened = [
    { path: "manifest.json", bytes: encode(manifest.text) },
    { path: plan, bytes: await loader.file(plan) },
  ];
  if (manifest.files.has("tokenizer.bin"))
    opened.push({ path: "tokenizer.bin", bytes: await loader.file("tokenizer.bin") });
  return Model.open(runtime, { files: opened, plan, module, threads });
}

export class WasmDevice implements Device {
  readonly name = "wasm";
  position = 0;
  readonly limits: DeviceLimits;
  private sampler: Sampler | undefined;
  private session = 0;
  private last = -1; // the token that next chose
  private helpers: Threads | undefined;
  private kernels = 0;

  private constructor(
    readonly model: Model,
    private readonly runtime: Runtime,
    readonly variant: string,
    readonly reason: string,
    readonly threads: number,
  ) {
    const plan = readPlan(model.planWords());
    this.limits = { ...plan, depth: 1 };
  }

  /** Loads everything; the weights stream into the memory. */
  static async open(loader: BundleLoader, options: WasmOptions): Promise<WasmDevice> {
    const { manifest } = loader;
    checkWasmMemory(manifest);
    const choice = chooseWasm(manifest, options);
    const target = manifest.targets.get("wasm")!;
    const paths = files(choice);
    const tokenizer = manifest.files.has("tokenizer.bin") ? ["tokenizer.bin"] : [];
    await loader.expect([
      paths.runtime, paths.kernels, target.plan, ...tokenizer, ...(options.more ?? []),
      ...weightPaths(manifest),
    ]);
    loader.begin();
    const compile = async (path: string) => compileModule(await loader.file(path), path);
    const [runtimeModule, kernels] = await Promise.all([compile(paths.runtime), compile(paths.kernels)]);
    const modules = { runtime: runtimeModule, kernels };
    const memory = choice.threads > 1 ? sharedMemory(manifest) : undefined;
    const runtime = await Runtime.create(modules.runtime, memory);
    const { first, names, stamp } = await WasmDevice.install(runtime, modules.kernels, choice);
    const model = await openModel(loader, runtime, target.plan, stamp, choice.threads);
    const device = new WasmDevice(model, runtime, choice.variant.name, choice.reason, choice.threads);
    device.kernels = stamp;
    try {
      if (choice.threads > 1)
        device.helpers = new Threads(
          runtime,
          { ...modules, kernelNames: names, firstKernel: first, touch: device.weights() },
          choice.threads,
        );
      await device.stream(loader);
      device.session = runtime.create("sinter_session_create", model.handle, 0);
    } catch (error) {
      await device.dispose();
      throw error;
    }
    return device;
  }

  private static async install(runtime: Runtime, module: WebAssembly.Module, choice: Choice) {
    const names = kernelNames(module);
    const first = runtime.table.length;
    await installKernels(runtime, module, names, first);
    const section = WebAssembly.Module.customSections(module, "sinter")[0];
    const stamp = runtime.scope((scope) => {
      const bytes = section === undefined ? new Uint8Array(0) : new Uint8Array(section);
      const at = scope.put(bytes);
      const name = scope.text(choice.variant.name);
      return runtime.native.sinter_web_kernels(at, bytes.length, name, first) >>> 0;
    });
    if (stamp === 0)
      throw new SinterError(
        "VERSION_MISMATCH",
        `kernels/wasm/${choice.variant.name}.wasm was made for another version; compile the bundle again`,
      );
    return { first, names, stamp };
  }

  /** Where the weights lie in the memory. */
  private weights(): { begin: number; end: number } {
    const begin = this.runtime.native.sinter_web_weights(this.model.handle) >>> 0;
    return { begin, end: begin + this.limits.weightBytes };
  }

  private async stream(loader: BundleLoader): Promise<void> {
    const { begin } = this.weights();
    await loader.weights((offset, bytes) => {
      this.runtime.bytes(begin + offset, bytes.length).set(bytes);
    });
  }

  async begin(settings: SamplerSettings, history: readonly number[]): Promise<void> {
    this.end();
    this.sampler = this.model.createSampler(settings);
    for (const token of history.slice(-Math.max(1, settings.penaltyWindow)))
      this.sampler.accept(token);
  }
  end(): void {
    this.sampler?.destroy();
    this.sampler = undefined;
  }

  async prefill(tokens: Int32Array): Promise<void> {
    this.runtime.scope((scope) =>
      this.runtime.call("sinter_session_prefill", this.session, scope.ints(tokens), tokens.length),
    );
    this.position += tokens.length;
  }

  async prefillLogits(tokens: Int32Array): Promise<Float32Array> {
    const count = tokens.length * this.limits.vocabSize;
    const out = this.runtime.scope((scope) => {
      const at = scope.block(4 * count);
      const tokensAt = scope.ints(tokens);
      this.runtime.call(
        "sinter_session_prefill_logits", this.session, tokensAt, tokens.length, at, count,
      );
      return new Float32Array(this.runtime.bytes(at, 4 * count).slice().buffer);
    });
    this.position += tokens.length;
    return out;
  }

  async decode(token: number): Promise<void> {
    this.runtime.call("sinter_session_decode", this.session, token);
    ++this.position;
  }

  async next(append: boolean): Promise<number> {
    if (append) await this.decode(this.last);
    this.last = this.runtime.scope((scope) => {
      const out = scope.block(4);
      const sampler = this.sampler?.handle ?? 0;
      this.runtime.call("sinter_session_sample", this.session, sampler, out);
      return this.runtime.word(out);
    });
    return this.last;
  }

  async logits(): Promise<Float32Array> {
    const count = this.limits.vocabSize;
    return this.runtime.scope((scope) => {
      const at = scope.block(4 * count);
      this.runtime.call("sinter_session_logits", this.session, at, count);
      return new Float32Array(this.runtime.bytes(at, 4 * count).slice().buffer);
    });
  }

  truncate(position: number): void {
    this.runtime.call("sinter_session_truncate", this.session, position);
    this.position = position;
  }

  async dispose(): Promise<void> {
    this.end();
    if (this.session !== 0) this.runtime.plain("sinter_session_destroy", this.session);
    this.session = 0;
    this.model.close();
    this.runtime.free(this.kernels);
    this.helpers?.dispose();
  }
}
