// gpu-kernels.ts: one variant's kernels as pipelines. They are compiled from the
// moment there is a device, while buffers are made and weights stream. What only
// the entry `sample` needs is compiled when it is asked for: some drivers compile
// one kernel at a time, for seconds, and these are a quarter of them.
import { SinterError } from "./errors.js";
import type { Plan } from "./plan.js";

/** kernels/webgpu/<variant>.json */
export interface KernelInfo {
  readonly id: string;
  readonly itemsPerGroup: number;
  readonly bindings: readonly ("read" | "read_write")[];
  readonly sharedBytes: number;
  readonly group: number;
  /** The file of a custom kernel beside the variant's own, and the name of its
   * entry point there (docs/custom-kernels.md). */
  readonly source: string | undefined;
  readonly entry: string;
}

/** Reads the variant's description; its kernels are the plan's, in order. */
export function readKernelInfos(text: string, path: string): KernelInfo[] {
  const fail = (what: string): never => {
    throw new SinterError("CORRUPT", `${path}: ${what}; compile the bundle again`, { file: path });
  };
  let json: { kernels?: unknown };
  try {
    json = JSON.parse(text) as { kernels?: unknown };
  } catch {
    return fail("is not JSON");
  }
  if (!Array.isArray(json.kernels)) return fail("has no list of kernels");
  return json.kernels.map((item: Record<string, unknown>, index) => {
    const bindings = item["bindings"];
    const itemsPerGroup = item["items_per_group"] ?? 1;
    if (typeof item["id"] !== "string") fail(`kernel ${index} has no id`);
    if (!Array.isArray(bindings) || bindings.some((b) => b !== "read" && b !== "read_write"))
      fail(`kernel ${index} has no bindings`);
    if (!Number.isInteger(itemsPerGroup) || (itemsPerGroup as number) < 1)
      fail(`kernel ${index} has no items_per_group`);
    return {
      id: item["id"] as string,
      itemsPerGroup: itemsPerGroup as number,
      bindings: bindings as KernelInfo["bindings"],
      sharedBytes: Number(item["shared_bytes"] ?? 0) || 0,
      group: Number(item["group"] ?? 64) || 64,
      source: typeof item["source"] === "string" ? item["source"] : undefined,
      entry: String(item["entry"] ?? item["id"]),
    };
  });
}

export const sampleEntry = "sample";
const computeStage = 4; // GPUShaderStage.COMPUTE

export interface CompiledKernel {
  readonly info: KernelInfo;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** What the kernels are compiled from. */
export interface KernelSources {
  readonly infos: readonly KernelInfo[];
  /** "": the variant's WGSL; the others by the names of their files. */
  readonly sources: ReadonlyMap<string, string>;
  readonly variant: string;
}

/** By kernel: whether an entry other than `sample` runs it. */
function neededKernels(plan: Pick<Plan, "entries" | "kernels">): boolean[] {
  const needed = plan.kernels.map(() => false);
  for (const [entry, dispatches] of plan.entries)
    if (entry !== sampleEntry) for (const { kernel } of dispatches) needed[kernel] = true;
  return needed;
}

export class GpuKernels {
  /** All but those of `sample`. SHADER_FAILED names the kernel that does not
   * compile. */
  readonly needed: Promise<void>;
  readonly scalarLayout: GPUBindGroupLayout;
  private readonly compiled: CompiledKernel[] = [];
  private readonly modules = new Map<string, GPUShaderModule>();
  private readonly isNeeded: readonly boolean[];

  /** Begins to compile. CORRUPT when the kernels are not the plan's. */
  constructor(
    private readonly device: GPUDevice,
    plan: Pick<Plan, "entries" | "kernels">,
    private readonly from: KernelSources,
  ) {
    const { infos, sources, variant } = from;
    if (infos.length !== plan.kernels.length || infos.some((info, i) => info.id !== plan.kernels[i]))
      throw new SinterError(
        "CORRUPT",
        `the kernels of variant ${variant} are not those of the plan; compile the bundle again`,
      );
    this.scalarLayout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: computeStage, buffer: { type: "uniform" } }],
    });
    for (const [file, code] of sources)
      this.modules.set(file, device.createShaderModule({ label: file || variant, code }));
    this.isNeeded = neededKernels(plan);
    this.needed = this.compileThose(true);
    this.needed.catch(() => undefined); // whoever makes the program of them sees it
  }

  at(index: number): CompiledKernel {
    return this.compiled[index]!;
  }

  /** Compiles those of `sample`; SHADER_FAILED. */
  compileSampling(): Promise<void> {
    return this.compileThose(false);
  }

  private async compileThose(needed: boolean): Promise<void> {
    const { infos, variant } = this.from;
    await Promise.all(
      infos.map(async (info, index) => {
        if (this.isNeeded[index] !== needed) return;
        const layout = bindingLayout(this.device, info);
        const module = this.modules.get(info.source ?? "")!;
        const pipeline = await compileKernel(this.device, module, info, [layout, this.scalarLayout], variant);
        this.compiled[index] = { info, layout, pipeline };
      }),
    );
  }
}

function bindingLayout(device: GPUDevice, kernel: KernelInfo): GPUBindGroupLayout {
  return device.createBindGroupLayout({
    label: kernel.id,
    entries: kernel.bindings.map((access, binding) => ({
      binding,
      visibility: computeStage,
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    })),
  });
}

async function compileKernel(
  device: GPUDevice,
  module: GPUShaderModule,
  kernel: KernelInfo,
  bindGroupLayouts: GPUBindGroupLayout[],
  variant: string,
): Promise<GPUComputePipeline> {
  try {
    return await device.createComputePipelineAsync({
      label: kernel.id,
      layout: device.createPipelineLayout({ bindGroupLayouts }),
      compute: { module, entryPoint: kernel.entry },
    });
  } catch (error) {
    const info = await module.getCompilationInfo?.().catch(() => undefined);
    const first = info?.messages.find((message) => message.type === "error");
    const where = first === undefined ? "" : ` at line ${first.lineNum}: ${first.message}`;
    throw new SinterError(
      "SHADER_FAILED",
      `the graphics driver does not compile kernel ${kernel.id} of variant ${variant}` +
        `${where} (${(error as Error).message})`,
      { kernel: kernel.id, variant },
      error,
    );
  }
}
