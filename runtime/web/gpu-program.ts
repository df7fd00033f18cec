// gpu-program.ts: one variant's kernels as pipelines and bind groups, made once,
// and the recording of an entry point: a flat list of dispatches in a compute
// pass. Bindings: group 0 in the order of the kernel's arguments; group 1 the
// scalars (docs/web.md).
import { SinterError } from "./errors.js";
import type { GpuBuffers } from "./gpu-buffers.js";
import type { Plan, PlanDispatch } from "./plan.js";

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

export const scalarSlots = 2; // 0: prefill and decode; 1: head and choice
const slotBytes = 256;
const computeStage = 4; // GPUShaderStage.COMPUTE
// Tokens of a chunk that cost as much as one token decoded: weights are unpacked
// once for several.
const tokensLikeOne = 4;

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly groupsX: number;
  readonly itemsPerTokens: number;
  /** Weights that it reads, once. */
  readonly weightBytes: number;
}

/** An entry point to run, with the scalars of a slot. */
export interface EntryRun {
  readonly entry: string;
  readonly slot: number;
  readonly tokenCount: number;
}

export class GpuProgram {
  private readonly steps = new Map<string, Step[]>();
  private constructor(
    private readonly device: GPUDevice,
    private readonly scalars: GPUBuffer,
    private readonly scalarGroups: GPUBindGroup[],
    private readonly submitBytes: number,
  ) {}

  has(entry: string): boolean {
    return this.steps.has(entry);
  }

  /** Compiles all kernels; SHADER_FAILED names the kernel that does not.
   * sources: the variant's text under "", those of custom kernels under their
   * file's name.
   * submitBytes: a submit reads about that much of the weights at most, so that
   * a slow adapter is not taken for a hanging one. */
  static async create(
    device: GPUDevice,
    plan: Plan,
    buffers: GpuBuffers,
    kernels: readonly KernelInfo[],
    sources: ReadonlyMap<string, string>,
    variant: string,
    submitBytes = Infinity,
  ): Promise<GpuProgram> {
    if (kernels.length !== plan.kernels.length || kernels.some((k, i) => k.id !== plan.kernels[i]))
      throw new SinterError(
        "CORRUPT",
        `the kernels of variant ${variant} are not those of the plan; compile the bundle again`,
      );
    const scalars = device.createBuffer({ label: "scalars", size: scalarSlots * slotBytes, usage: 0x40 | 0x8 });
    const scalarLayout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: computeStage, buffer: { type: "uniform" } }],
    });
    const groups = Array.from({ length: scalarSlots }, (_, slot) =>
      device.createBindGroup({
        layout: scalarLayout,
        entries: [{ binding: 0, resource: { buffer: scalars, offset: slot * slotBytes, size: 16 } }],
      }),
    );
    const program = new GpuProgram(device, scalars, groups, submitBytes);
    const layouts = kernels.map((kernel) => bindingLayout(device, kernel));
    const modules = new Map<string, GPUShaderModule>();
    for (const [file, code] of sources)
      modules.set(file, device.createShaderModule({ label: file || variant, code }));
    const pipelines = await Promise.all(
      kernels.map((kernel, index) =>
        compileKernel(device, modules.get(kernel.source ?? "")!, kernel, [layouts[index]!, scalarLayout], variant),
      ),
    );
    for (const [entry, dispatches] of plan.entries)
      program.steps.set(
        entry,
        dispatches.map((dispatch) =>
          makeStep(device, buffers, dispatch, kernels[dispatch.kernel]!, pipelines[dispatch.kernel]!, layouts[dispatch.kernel]!),
        ),
      );
    return program;
  }

  /** Queues the scalars of both slots for the submits that follow. */
  writeScalars(body: Scalars, head: Scalars): void {
    const words = new Uint32Array((slotBytes / 4) + 4);
    words.set([body.tokenCount, body.position, body.row, 0]);
    words.set([head.tokenCount, head.position, head.row, 0], slotBytes / 4);
    this.device.queue.writeBuffer(this.scalars, 0, words);
  }

  /** Queues entry points in order: one pass and one submit, unless there is a
   * limit to a submit. copy: what follows the last pass. */
  run(runs: readonly EntryRun[], copy?: (encoder: GPUCommandEncoder) => void): void {
    let encoder = this.device.createCommandEncoder();
    let pass = encoder.beginComputePass();
    let bytes = 0;
    const submit = () => this.device.queue.submit([encoder.finish()]);
    for (const { entry, slot, tokenCount } of runs) {
      pass.setBindGroup(1, this.scalarGroups[slot]!);
      for (const step of this.steps.get(entry)!) {
        const cost = step.weightBytes * Math.ceil(tokenCount / tokensLikeOne);
        if (bytes > 0 && bytes + cost > this.submitBytes) {
          pass.end();
          submit();
          encoder = this.device.createCommandEncoder();
          pass = encoder.beginComputePass();
          pass.setBindGroup(1, this.scalarGroups[slot]!);
          bytes = 0;
        }
        bytes += cost;
        pass.setPipeline(step.pipeline);
        pass.setBindGroup(0, step.bindings);
        const { itemsPerTokens } = step;
        pass.dispatchWorkgroups(
          step.groupsX,
          itemsPerTokens === 0 ? 1 : Math.ceil(tokenCount / itemsPerTokens),
        );
      }
    }
    pass.end();
    copy?.(encoder);
    submit();
  }

  destroy(): void {
    this.scalars.destroy();
  }
}

export interface Scalars {
  readonly tokenCount: number;
  readonly position: number;
  readonly row: number;
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

function makeStep(
  device: GPUDevice,
  buffers: GpuBuffers,
  dispatch: PlanDispatch,
  kernel: KernelInfo,
  pipeline: GPUComputePipeline,
  layout: GPUBindGroupLayout,
): Step {
  const groupsX = Math.ceil(dispatch.items / kernel.itemsPerGroup);
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  if (groupsX > most)
    throw new SinterError(
      "LIMIT_EXCEEDED",
      `${dispatch.layer || kernel.id} needs ${groupsX} workgroups, the device allows ${most}`,
      { limit: "maxComputeWorkgroupsPerDimension", needed: groupsX, available: most },
    );
  return {
    pipeline,
    groupsX,
    itemsPerTokens: dispatch.itemsPerTokens,
    weightBytes: dispatch.bindings.reduce(
      (sum, range) => sum + (range.space === "weights" ? range.bytes : 0),
      0,
    ),
    bindings: device.createBindGroup({
      label: dispatch.layer,
      layout,
      entries: dispatch.bindings.map((range, binding) => ({
        binding,
        resource: buffers.binding(range),
      })),
    }),
  };
}
