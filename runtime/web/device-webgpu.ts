// device-webgpu.ts: the device on the GPU. All objects are made while loading;
// a token is a write of scalars, one encoder with one compute pass, a few copies
// and one submit. The chosen token stays on the GPU for the next step; four
// bytes come back, and several steps may be on their way.
import type { Device, DeviceLimits } from "./device.js";
import { SinterError } from "./errors.js";
import { GpuBuffers } from "./gpu-buffers.js";
import type { EntryRun, GpuProgram } from "./gpu-program.js";
import { RandomNumbers } from "./random.js";
import type { Model, Sampler } from "./model.js";
import type { Plan, Range } from "./plan.js";
import type { SamplerSettings } from "./runtime.js";

const depth = 3;
const coldest = 1e-3; // below it the native sampler takes the largest, too
const mapRead = 0x1;
const copySource = 0x4;
const copyTarget = 0x8;

const decode: EntryRun = { entry: "decode", slot: 0, tokenCount: 1 };
const head: EntryRun = { entry: "head", slot: 1, tokenCount: 1 };

/** How the next token is chosen. */
type Choice = "greedy" | "sample" | "host";

export interface GpuSetup {
  readonly device: GPUDevice;
  readonly model: Model;
  readonly plan: Plan;
  readonly buffers: GpuBuffers;
  readonly variant: string;
  readonly reason: string;
}

export class WebGpuDevice implements Device {
  readonly name = "webgpu";
  readonly threads = 1;
  readonly model: Model;
  variant: string;
  readonly reason: string;
  position = 0;

  private readonly device: GPUDevice;
  private readonly plan: Plan;
  private readonly buffers: GpuBuffers;
  private program!: GpuProgram;
  private readonly link: GPUBuffer; // the token, between arena and readback
  private readonly readbacks: GPUBuffer[] = [];
  private readonly logitsReadback: GPUBuffer;
  private row = -1; // of `hidden`: the last token's
  private logitsCurrent = false;
  private lost: SinterError | undefined;
  private failure: SinterError | undefined;
  private disposed = false;

  private choice: Choice = "greedy";
  private sampler: Sampler | undefined;
  private settings: SamplerSettings | undefined;
  private random: RandomNumbers | undefined;
  private last = -1;
  private historyCount = 0;
  private historyRing = 0;
  private readonly samplingValues = new Float32Array(16);

  constructor(setup: GpuSetup) {
    this.device = setup.device;
    this.model = setup.model;
    this.plan = setup.plan;
    this.buffers = setup.buffers;
    this.variant = setup.variant;
    this.reason = setup.reason;
    const { device, plan } = this;
    this.link = device.createBuffer({ label: "token", size: 4, usage: copySource | copyTarget });
    for (let i = 0; i < depth; ++i)
      this.readbacks.push(device.createBuffer({ size: 4, usage: mapRead | copyTarget }));
    this.logitsReadback = device.createBuffer({
      label: "logits",
      size: 4 * plan.vocabSize,
      usage: mapRead | copyTarget,
    });
    void device.lost.then((info) => {
      if (this.disposed) return;
      this.lost = new SinterError(
        "DEVICE_LOST",
        `the GPU was lost (${info.reason ?? "unknown"}: ${info.message || "no message"}); ` +
          "if it happens again, close other tabs or use a smaller model",
        { reason: String(info.reason) },
      );
    });
    device.onuncapturederror = (event) => {
      const exhausted = /memory/i.test(event.error.constructor.name + event.error.message);
      this.failure ??= new SinterError(
        exhausted ? "OUT_OF_MEMORY" : "SHADER_FAILED",
        `the GPU reports: ${event.error.message}`,
        { variant: this.variant },
      );
    };
  }

  get limits(): DeviceLimits {
    return { ...this.plan, depth: this.choice === "host" ? 1 : depth };
  }

  /** Computes with these kernels from now on. */
  use(program: GpuProgram, variant: string): void {
    this.program?.destroy();
    this.program = program;
    this.variant = variant;
    this.failure = undefined;
    this.truncate(0);
  }

  private io(name: string): Range {
    const range = this.plan.ios.get(name);
    if (range === undefined)
      throw new SinterError("CORRUPT", `the plan has no buffer "${name}"; compile the bundle again`);
    return range;
  }

  private check(): void {
    const error = this.lost ?? this.failure;
    if (error !== undefined) throw error;
  }

  // -- A generation ----------------------------------------------------------

  async begin(settings: SamplerSettings, history: readonly number[], readLogits: boolean): Promise<void> {
    this.end();
    this.settings = settings;
    const penalised =
      settings.penaltyWindow > 0 &&
      (settings.repeatPenalty !== 1 || settings.presencePenalty !== 0 || settings.frequencyPenalty !== 0);
    // The entry `sample` knows no biases.
    const biased = settings.logitBias.length > 0;
    const greedy = (settings.temperature < coldest || settings.topK === 1) && !penalised && !biased;
    // More tokens than the context holds need not be kept.
    const room = Math.floor((this.plan.ios.get("history")?.bytes ?? 0) / 4);
    const window = Math.min(settings.penaltyWindow, this.plan.context);
    const onHost = readLogits || biased || (penalised && window > room);
    if (greedy) this.choice = "greedy";
    else this.choice = !onHost && (await this.program.canSample()) ? "sample" : "host";
    if (this.choice === "host") {
      this.sampler = this.model.createSampler(settings);
      for (const token of history.slice(-Math.max(1, settings.penaltyWindow)))
        this.sampler.accept(token);
    }
    if (this.choice !== "sample") return;
    this.random = new RandomNumbers(settings.seed);
    this.historyRing = penalised ? window : 0;
    const recent = penalised ? history.slice(-window) : [];
    this.historyCount = recent.length;
    if (recent.length > 0)
      this.device.queue.writeBuffer(this.buffers.arena, this.io("history").offset, Int32Array.from(recent));
  }

  end(): void {
    this.sampler?.destroy();
    this.sampler = undefined;
    this.choice = "greedy";
  }

  // -- Steps -----------------------------------------------------------------

  private run(runs: readonly EntryRun[], copy?: (encoder: GPUCommandEncoder) => void): void {
    this.check();
    this.program.run(runs, copy);
  }

  private queuePrefill(tokens: Int32Array): void {
    const count = tokens.length;
    const { queue } = this.device;
    queue.writeBuffer(this.buffers.arena, this.io("tokens").offset, Int32Array.from(tokens));
    const scalars = { tokenCount: count, position: this.position, row: count - 1 };
    this.program.writeScalars(scalars, { ...scalars, tokenCount: 1 });
    // Kernels for prompts take several tokens at a time.
    this.run([{ entry: count === 1 ? "decode" : "prefill", slot: 0, tokenCount: count }]);
    this.position += count;
    this.row = count - 1;
    this.logitsCurrent = false;
  }

  async prefill(tokens: Int32Array): Promise<void> {
    this.queuePrefill(tokens);
    try {
      await this.device.queue.onSubmittedWorkDone();
      this.check();
    } catch (error) {
      throw await this.explain(error);
    }
  }

  async prefillLogits(tokens: Int32Array): Promise<Float32Array> {
    const { vocabSize } = this.plan;
    this.queuePrefill(tokens);
    const out = new Float32Array(tokens.length * vocabSize);
    for (let row = 0; row < tokens.length; ++row) {
      this.row = row;
      this.logitsCurrent = false;
      out.set(await this.logits(), row * vocabSize);
    }
    return out;
  }

  async decode(token: number): Promise<void> {
    this.writeToken(token);
    this.writeStepScalars(this.position);
    this.run([decode]);
    this.appended();
  }

  private writeToken(token: number): void {
    const { offset } = this.io("tokens");
    this.device.queue.writeBuffer(this.buffers.arena, offset, Int32Array.of(token));
  }

  private appended(): void {
    ++this.position;
    this.row = 0;
    this.logitsCurrent = false;
  }

  private writeStepScalars(position: number): void {
    const scalars = { tokenCount: 1, position, row: 0 };
    this.program.writeScalars(scalars, { ...scalars, row: Math.max(0, this.row) });
  }

  next(append: boolean): Promise<number> {
    return this.choice === "host" ? this.nextOnHost(append) : this.nextOnGpu(append);
  }

  private async nextOnHost(append: boolean): Promise<number> {
    const { position } = this;
    if (append) {
      this.writeToken(this.last);
      this.appended();
      this.writeStepScalars(position);
    }
    const logits = append ? await this.readLogits([decode, head]) : await this.logits();
    this.last = this.sampler!.sample(logits);
    return this.last;
  }

  private async nextOnGpu(append: boolean): Promise<number> {
    const position = this.position;
    if (append) this.appended();
    this.writeStepScalars(position);
    if (this.choice === "sample") this.writeSampling();
    const readback = this.readbacks.shift()!;
    try {
      const choose = { entry: this.choice, slot: 1, tokenCount: 1 };
      this.run(append ? [decode, head, choose] : [head, choose], (encoder) =>
        this.copyToken(encoder, readback),
      );
      this.logitsCurrent = true;
      await readback.mapAsync(mapRead);
      const token = new Int32Array(readback.getMappedRange())[0]!;
      readback.unmap();
      this.check();
      if (token < 0 || token >= this.plan.vocabSize)
        throw new SinterError(
          "BAD_LOGITS",
          "the model computed logits that are not numbers; update the graphics driver or use the wasm device",
          { token },
        );
      return token;
    } catch (error) {
      throw await this.explain(error);
    } finally {
      this.readbacks.push(readback);
    }
  }

  private copyToken(encoder: GPUCommandEncoder, readback: GPUBuffer): void {
    const { arena } = this.buffers;
    encoder.copyBufferToBuffer(arena, this.io("next_token").offset, this.link, 0, 4);
    encoder.copyBufferToBuffer(this.link, 0, arena, this.io("tokens").offset, 4);
    encoder.copyBufferToBuffer(this.link, 0, readback, 0, 4);
    if (this.choice !== "sample" || this.historyRing === 0) return;
    const slot = this.historyCount % this.historyRing;
    encoder.copyBufferToBuffer(this.link, 0, arena, this.io("history").offset + 4 * slot, 4);
    ++this.historyCount;
  }

  private writeSampling(): void {
    const s = this.settings!;
    const values = this.samplingValues;
    values.set([
      s.temperature < coldest ? 0 : s.temperature, s.topK, s.topP, s.minP, s.repeatPenalty,
      s.frequencyPenalty, s.presencePenalty, Math.min(this.random!.next(), 1 - 2 ** -24),
      Math.min(this.historyCount, this.historyRing),
    ]);
    this.device.queue.writeBuffer(this.buffers.arena, this.io("sampling").offset, values);
  }

  async logits(): Promise<Float32Array> {
    if (!this.logitsCurrent) this.writeStepScalars(this.position);
    return this.readLogits(this.logitsCurrent ? [] : [head]);
  }

  private async readLogits(runs: readonly EntryRun[]): Promise<Float32Array> {
    const bytes = 4 * this.plan.vocabSize;
    const { offset } = this.io("logits");
    try {
      this.run(runs, (encoder) =>
        encoder.copyBufferToBuffer(this.buffers.arena, offset, this.logitsReadback, 0, bytes),
      );
      this.logitsCurrent = true;
      await this.logitsReadback.mapAsync(mapRead);
      const out = new Float32Array(this.logitsReadback.getMappedRange().slice(0));
      this.logitsReadback.unmap();
      this.check();
      return out;
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** What is behind an error: when the device was lost, whatever failed failed
   * for that, and a failed mapping says little by itself. */
  async explain(error: unknown): Promise<unknown> {
    const known = error instanceof SinterError && error.code !== "SHADER_FAILED";
    if (!known)
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
    return this.lost ?? (error instanceof SinterError ? error : (this.failure ?? error));
  }

  truncate(position: number): void {
    if (position !== this.position) this.row = -1;
    this.position = position;
    this.logitsCurrent = false;
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    this.sampler?.destroy();
    this.program?.destroy();
    this.buffers.destroy();
    for (const buffer of [this.link, this.logitsReadback, ...this.readbacks]) buffer.destroy();
    this.device.destroy();
    this.model.close();
  }
}
