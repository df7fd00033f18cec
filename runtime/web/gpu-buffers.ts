// gpu-buffers.ts: the plan's three spaces as GPU buffers: weights cut between
// bindings into buffers below the limits, one arena, one buffer per state.
// Everything is made once; a failure frees what was made.
import { SinterError, formatBytes } from "./errors.js";
import type { Plan, Range } from "./plan.js";

// Larger buffers save nothing and are harder to place.
const preferredBytes = 512 << 20;
// What the GPU's process may have of ours in flight while weights stream.
const pieceBytes = 4 << 20;

interface Part {
  readonly begin: number;
  readonly end: number;
  readonly buffer: GPUBuffer;
}

const storage = 0x80; // GPUBufferUsage.STORAGE, which Node's global scope lacks
const copySource = 0x4;
const copyTarget = 0x8;

const roundUp = (bytes: number) => Math.ceil(bytes / 4) * 4;

export class GpuBuffers {
  private readonly weights: Part[] = [];
  private readonly states: Part[] = [];
  private arenaBuffer!: GPUBuffer;
  private readonly all: GPUBuffer[] = [];
  private written: Promise<unknown> = Promise.resolve();

  private constructor(private readonly device: GPUDevice) {}

  get arena(): GPUBuffer {
    return this.arenaBuffer;
  }

  /** OUT_OF_MEMORY when one cannot be made. */
  static async create(device: GPUDevice, plan: Plan): Promise<GpuBuffers> {
    const buffers = new GpuBuffers(device);
    try {
      for (const [begin, end] of cutWeights(plan, device.limits.maxBufferSize))
        buffers.weights.push({ begin, end, buffer: await buffers.make("weights", end - begin) });
      for (const { range } of plan.states) {
        const buffer = await buffers.make("KV cache", range.bytes);
        buffers.states.push({ begin: range.offset, end: range.offset + range.bytes, buffer });
      }
      buffers.arenaBuffer = await buffers.make("activations", plan.arenaBytes);
    } catch (error) {
      buffers.destroy();
      throw error;
    }
    return buffers;
  }

  private async make(what: string, bytes: number): Promise<GPUBuffer> {
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    let buffer: GPUBuffer | undefined;
    let thrown: unknown;
    try {
      buffer = this.device.createBuffer({
        label: what,
        size: Math.max(4, roundUp(bytes)),
        usage: storage | copySource | copyTarget,
      });
    } catch (error) {
      thrown = error;
    }
    const invalid = await this.device.popErrorScope();
    const exhausted = await this.device.popErrorScope();
    const problem = exhausted ?? invalid ?? (thrown as Error | undefined);
    if (buffer !== undefined) this.all.push(buffer);
    if (problem != null || buffer === undefined)
      throw outOfGpuMemory(what, bytes, problem?.message ?? "no buffer");
    return buffer;
  }

  /** The buffer range of a range of the plan. */
  binding(range: Range): GPUBufferBinding {
    const size = roundUp(range.bytes);
    if (range.space === "arena") return { buffer: this.arena, offset: range.offset, size };
    const parts = range.space === "weights" ? this.weights : this.states;
    const end = range.offset + range.bytes;
    const part = parts.find((p) => range.offset >= p.begin && end <= p.end);
    if (part === undefined)
      throw new SinterError(
        "INTERNAL",
        `no ${range.space} buffer holds bytes ${range.offset} to ${end}`,
      );
    return { buffer: part.buffer, offset: range.offset - part.begin, size };
  }

  /** Writes a piece of the weights. The queue copies the bytes at once; one
   * piece at most is on its way to the GPU meanwhile. */
  async write(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { queue } = this.device;
    await this.written;
    const end = offset + bytes.length;
    for (const part of this.weights) {
      const from = Math.max(offset, part.begin);
      const to = Math.min(end, part.end);
      for (let at = from; at < to; at += pieceBytes) {
        const piece = bytes.subarray(at - offset, Math.min(at + pieceBytes, to) - offset);
        queue.writeBuffer(part.buffer, at - part.begin, wholeWords(piece));
      }
    }
    this.written = queue.onSubmittedWorkDone();
    this.written.catch(() => undefined);
  }

  destroy(): void {
    for (const buffer of this.all) buffer.destroy();
    this.all.length = 0;
  }
}

function outOfGpuMemory(what: string, bytes: number, message: string): SinterError {
  return new SinterError(
    "OUT_OF_MEMORY",
    `the GPU has no memory for ${formatBytes(bytes)} of ${what} (${message}); close other tabs, ` +
      "or compile the bundle with a smaller --context or fewer bits",
    { needed: bytes },
  );
}

function wholeWords(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(roundUp(bytes.length));
  padded.set(bytes);
  return padded;
}

type Interval = [begin: number, end: number];

/** The bytes of the weights that kernels bind, in order; what bindings share
 * stays together. A weight that is bound in parts may be cut between them. */
export function boundWeights(plan: Pick<Plan, "entries">): Interval[] {
  const bound: Interval[] = [];
  for (const dispatches of plan.entries.values())
    for (const { bindings } of dispatches)
      for (const { space, offset, bytes } of bindings)
        if (space === "weights") bound.push([offset, offset + bytes]);
  bound.sort((a, b) => a[0] - b[0]);
  const merged: Interval[] = [];
  for (const [begin, end] of bound) {
    const last = merged[merged.length - 1];
    if (last !== undefined && begin < last[1]) last[1] = Math.max(last[1], end);
    else merged.push([begin, end]);
  }
  return merged;
}

/** [begin, end) of the buffers: neighbours together, as far as the limit goes. */
export function cutWeights(plan: Pick<Plan, "entries">, maxBufferSize: number): Interval[] {
  const most = Math.min(preferredBytes, maxBufferSize);
  const cuts: Interval[] = [];
  for (const [begin, end] of boundWeights(plan)) {
    const last = cuts[cuts.length - 1];
    if (last !== undefined && roundUp(end - last[0]) <= most) last[1] = end;
    else cuts.push([begin, end]);
  }
  return cuts;
}
