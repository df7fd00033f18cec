// open-webgpu.ts: loads a bundle onto the GPU. What can fail is asked first:
// adapter, features, limits, then memory; then weights stream while kernels
// compile. A variant that does not compile, or computes wrong logits, is
// replaced by the next safer one without loading the weights again.
import { WebGpuDevice } from "./device-webgpu.js";
import { compileModule, openModel } from "./device-wasm.js";
import { SinterError, throwIfAborted, toSinterError } from "./errors.js";
import type { AdapterInfo } from "./gpu-adapter.js";
import { deviceFeatures, openGpuDevice, requiredLimits, usableVariants } from "./gpu-adapter.js";
import { GpuBuffers } from "./gpu-buffers.js";
import { GpuKernels, readKernelInfos } from "./gpu-kernels.js";
import type { KernelInfo } from "./gpu-kernels.js";
import { GpuProgram } from "./gpu-program.js";
import type { BundleLoader } from "./loader.js";
import { weightPaths } from "./manifest.js";
import type { VariantInfo } from "./manifest.js";
import type { Model } from "./model.js";
import { readPlan } from "./plan.js";
import type { Plan } from "./plan.js";
import { Runtime } from "./runtime.js";
import { goldenPath, hasGolden, prove, readGolden } from "./self-check.js";
import type { Golden, SelfCheck } from "./self-check.js";

export interface WebGpuOptions {
  readonly variant?: string | undefined;
  readonly selfCheck: SelfCheck;
  readonly signal?: AbortSignal | undefined;
}

interface Kernels {
  readonly variant: VariantInfo;
  readonly infos: KernelInfo[];
  /** "": the variant's WGSL; the others by the names of their files. */
  readonly sources: ReadonlyMap<string, string>;
}

// About a second's work for two processor cores.
const softwareSubmitBytes = 192 << 20;

const runtimePath = "runtime/sinter.wasm";
const folder = "kernels/webgpu/";

async function loadKernels(loader: BundleLoader, variant: VariantInfo): Promise<Kernels> {
  const text = async (path: string) => new TextDecoder().decode(await loader.file(path));
  const description = `${folder}${variant.name}.json`;
  const infos = readKernelInfos(await text(description), description);
  const sources = new Map([["", await text(`${folder}${variant.name}.wgsl`)]]);
  for (const { source } of infos)
    if (source !== undefined && !sources.has(source)) sources.set(source, await text(folder + source));
  return { variant, infos, sources };
}

const compileOn = (gpu: GPUDevice, plan: Plan, { infos, sources, variant }: Kernels) =>
  new GpuKernels(gpu, plan, { infos, sources, variant: variant.name });

/** What is there when the weights begin to come. */
interface Parts {
  readonly gpu: GPUDevice;
  readonly plan: Plan;
  readonly buffers: GpuBuffers;
  /** Of the first variant. */
  readonly compiling: GpuKernels;
  readonly variants: readonly VariantInfo[];
  readonly golden: Golden | undefined;
}

function needsOf(plan: Plan, kernels: Kernels) {
  const most = (read: (kernel: KernelInfo) => number) => Math.max(1, ...kernels.infos.map(read));
  return {
    plan,
    storageBuffers: most((kernel) => kernel.bindings.length),
    workgroupBytes: most((kernel) => kernel.sharedBytes),
    workgroupSize: most((kernel) => kernel.group),
  };
}

class Opening {
  constructor(
    private readonly loader: BundleLoader,
    private readonly adapter: AdapterInfo,
    private readonly options: WebGpuOptions,
  ) {}

  async run(): Promise<WebGpuDevice> {
    const { loader, options } = this;
    const variants = usableVariants(loader.manifest, this.adapter, options.variant);
    const first = variants[0]!;
    await this.expect(first);
    const [model, kernels, golden] = await Promise.all([
      this.model(),
      loadKernels(loader, first),
      options.selfCheck === "never" ? undefined : readGolden(loader),
    ]);
    const plan = readPlan(model.planWords());
    const limits = requiredLimits(this.adapter.adapter, needsOf(plan, kernels));
    throwIfAborted(options.signal);
    loader.begin();
    const gpu = await openGpuDevice(this.adapter, deviceFeatures(variants, this.adapter), limits);
    let buffers: GpuBuffers;
    let compiling: GpuKernels;
    try {
      compiling = compileOn(gpu, plan, kernels);
      buffers = await GpuBuffers.create(gpu, plan);
    } catch (error) {
      gpu.destroy();
      throw error;
    }
    const reason = `${this.adapter.description}${this.adapter.software ? " (computes on the processor)" : ""}`;
    const device = new WebGpuDevice({ device: gpu, model, plan, buffers, variant: first.name, reason });
    try {
      await this.fill(device, { gpu, plan, buffers, compiling, variants, golden });
    } catch (error) {
      const reason = await device.explain(error);
      await device.dispose();
      throw reason;
    }
    return device;
  }

  /** Plan, tokenizer and chat template; no device of the runtime's own. */
  private async model(): Promise<Model> {
    const { loader } = this;
    const runtime = await Runtime.create(await compileModule(await loader.file(runtimePath), runtimePath));
    return openModel(loader, runtime, loader.manifest.targets.get("webgpu")!.plan, 0, 1);
  }

  private async expect(variant: VariantInfo): Promise<void> {
    const { manifest } = this.loader;
    const target = manifest.targets.get("webgpu")!;
    await this.loader.expect([
      runtimePath,
      target.plan,
      `${folder}${variant.name}.json`,
      `${folder}${variant.name}.wgsl`,
      ...[...manifest.files.keys()].filter((path) => path.startsWith(`${folder}${variant.name}.custom-`)),
      ...(manifest.files.has("tokenizer.bin") ? ["tokenizer.bin"] : []),
      ...(this.options.selfCheck !== "never" && hasGolden(this.loader) ? [goldenPath] : []),
      ...weightPaths(manifest),
    ]);
  }

  /** Weights, and kernels that pass the check. */
  private async fill(device: WebGpuDevice, parts: Parts): Promise<void> {
    const { loader } = this;
    const { gpu, plan, buffers, variants } = parts;
    const limit = this.adapter.software ? softwareSubmitBytes : Infinity;
    await loader.weights((offset, bytes) => buffers.write(offset, bytes));
    const failures: string[] = [];
    for (const variant of variants) {
      throwIfAborted(this.options.signal);
      loader.progress.enter("compile");
      try {
        const kernels =
          variant === variants[0]
            ? parts.compiling
            : compileOn(gpu, plan, await loadKernels(loader, variant));
        const program = await GpuProgram.create(gpu, plan, buffers, kernels, limit);
        device.use(program, variant.name);
        loader.progress.enter("warmup");
        await this.tryOut(device, gpu, parts.golden);
        void program.canSample(); // most requests will ask for it
        for (const failure of failures) loader.warnings.push(failure);
        return;
      } catch (thrown) {
        const error = toSinterError(await device.explain(thrown));
        if (error.code !== "SHADER_FAILED" && error.code !== "SELF_CHECK_FAILED") throw error;
        if (variant === variants[variants.length - 1]) throw error;
        failures.push(`WebGPU variant ${variant.name} does not work here: ${error.message}`);
      }
    }
  }

  private async tryOut(
    device: WebGpuDevice,
    gpu: GPUDevice,
    golden: Golden | undefined,
  ): Promise<void> {
    gpu.pushErrorScope("validation");
    let failure: unknown;
    try {
      if (golden === undefined || !(await prove(this.loader, device, golden, this.options.selfCheck))) {
        await device.decode(0);
        await device.logits();
        device.truncate(0);
      }
    } catch (error) {
      failure = error;
    }
    const invalid = await gpu.popErrorScope();
    if (invalid !== null)
      throw new SinterError(
        "SHADER_FAILED",
        `the GPU refuses a step of variant ${device.variant}: ${invalid.message}`,
        { variant: device.variant },
      );
    if (failure !== undefined) throw failure;
  }
}

/** Loads everything onto the adapter's device. One that is lost meanwhile is
 * replaced once, by what `again` finds. */
export async function openWebGpu(
  loader: BundleLoader,
  adapter: AdapterInfo,
  again: () => Promise<AdapterInfo>,
  options: WebGpuOptions,
): Promise<WebGpuDevice> {
  try {
    return await new Opening(loader, adapter, options).run();
  } catch (error) {
    if (toSinterError(error).code !== "DEVICE_LOST") throw error;
    throwIfAborted(options.signal);
    return new Opening(loader, await again(), options).run();
  }
}
