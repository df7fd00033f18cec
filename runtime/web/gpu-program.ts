// gpu-program.ts: one variant's kernels with their bind groups, made once, and the
// recording of an entry point: a flat list of dispatches in a compute pass.
// Bindings: group 0 in the order of the kernel's arguments; group 1 the scalars
// (docs/web.md).
import { SinterError } from "./errors.js";
import type { GpuBuffers } from "./gpu-buffers.js";
import { sampleEntry } from "./gpu-kernels.js";
import type { CompiledKernel, GpuKernels } from "./gpu-kernels.js";
import type { Plan, PlanDispatch } from "./plan.js";

export const scalarSlots = 2; // 0: prefill and decode; 1: head and choice
const slotBytes = 256;
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
  private addSampling: () => Promise<boolean> = async () => false;
  private sampling: Promise<boolean> | undefined;
  private constructor(
    private readonly device: GPUDevice,
    private readonly scalars: GPUBuffer,
    private readonly scalarGroups: GPUBindGroup[],
    private readonly submitBytes: number,
  ) {}

  /** The kernels as steps of the plan's entries, all but `sample`, which
   * canSample() adds.
   * submitBytes: a submit reads about that much of the weights at most, so that
   * a slow adapter is not taken for a hanging one. */
  static async create(
    device: GPUDevice,
    plan: Plan,
    buffers: GpuBuffers,
    kernels: GpuKernels,
    submitBytes = Infinity,
  ): Promise<GpuProgram> {
    await kernels.needed;
    const scalars = device.createBuffer({ label: "scalars", size: scalarSlots * slotBytes, usage: 0x40 | 0x8 });
    const groups = Array.from({ length: scalarSlots }, (_, slot) =>
      device.createBindGroup({
        layout: kernels.scalarLayout,
        entries: [{ binding: 0, resource: { buffer: scalars, offset: slot * slotBytes, size: 16 } }],
      }),
    );
    const program = new GpuProgram(device, scalars, groups, submitBytes);
    const add = (entry: string) => {
      const dispatches = plan.entries.get(entry)!;
      program.steps.set(
        entry,
        dispatches.map((dispatch) => makeStep(device, buffers, dispatch, kernels.at(dispatch.kernel))),
      );
    };
    for (const entry of plan.entries.keys()) if (entry !== sampleEntry) add(entry);
    program.addSampling = async () => {
      if (!plan.entries.has(sampleEntry)) return false;
      await kernels.compileSampling();
      add(sampleEntry);
      return true;
    };
    return program;
  }

  /** Whether the entry `sample` can be run, which the first call prepares. A plan
   * may have none, and a driver may refuse its kernels: then the host samples. */
  canSample(): Promise<boolean> {
    this.sampling ??= this.addSampling().catch(() => false);
    return this.sampling;
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

function makeStep(
  device: GPUDevice,
  buffers: GpuBuffers,
  dispatch: PlanDispatch,
  { info: kernel, pipeline, layout }: CompiledKernel,
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
