// progress.ts: how far a load has come. Bytes are exact; the time left is what
// the last seconds' speed promises. Events are at least 50 ms apart, except at
// the beginning of a stage and at the end.
import { now } from "./host.js";

export type Stage =
  | "manifest" // reads what the bundle is
  | "download" // bytes come from the network
  | "verify" // bytes come from the cache; their hashes are checked
  | "upload" // the last bytes go to the device
  | "compile" // the device compiles the kernels that are not ready yet
  | "warmup" // the first run, and the self-check
  | "ready";

export interface Progress {
  readonly stage: Stage;
  /** Bytes that are here, of all that are needed. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** Of the loaded ones: from the cache; hashed; on the device. */
  readonly cachedBytes: number;
  readonly verifiedBytes: number;
  readonly uploadedBytes: number;
  /** Undefined until there is a speed to go by. */
  readonly secondsLeft: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

export type ProgressListener = (progress: Progress) => void;

const interval = 50;
const window = 5000;

export class ProgressMeter {
  totalBytes = 0;
  cachedBytes = 0;
  downloadedBytes = 0;
  verifiedBytes = 0;
  uploadedBytes = 0;
  private stage: Stage = "manifest";
  private lastEvent = -Infinity;
  private samples: { time: number; bytes: number }[] = [];
  /** Milliseconds that each stage took. */
  readonly stageTimes: Partial<Record<Stage, number>> = {};
  private stageBegan = now();

  constructor(private readonly listener?: ProgressListener) {}

  enter(stage: Stage): void {
    if (stage === this.stage && this.lastEvent > 0) return;
    const time = now();
    this.stageTimes[this.stage] = (this.stageTimes[this.stage] ?? 0) + time - this.stageBegan;
    this.stageBegan = time;
    this.stage = stage;
    this.emit(time);
  }

  cached(bytes: number): void {
    if (bytes === 0) return;
    this.cachedBytes += bytes;
    this.enter("verify");
    this.tick();
  }
  downloaded(bytes: number): void {
    this.downloadedBytes += bytes;
    this.enter("download");
    this.tick();
  }
  /** Bytes that turned out to be void. */
  lost(cached: number, downloaded: number): void {
    this.cachedBytes -= cached;
    this.downloadedBytes -= downloaded;
    this.samples = [];
  }
  verified(bytes: number): void {
    this.verifiedBytes += bytes;
    this.tick();
  }
  uploaded(bytes: number): void {
    this.uploadedBytes += bytes;
    this.tick();
  }

  private tick(): void {
    const time = now();
    if (time - this.lastEvent >= interval) this.emit(time);
  }

  private emit(time: number): void {
    this.lastEvent = time;
    const loadedBytes = this.cachedBytes + this.downloadedBytes;
    this.samples.push({ time, bytes: loadedBytes });
    while (this.samples.length > 2 && time - this.samples[0]!.time > window) this.samples.shift();
    const first = this.samples[0]!;
    const seconds = (time - first.time) / 1000;
    const speed = seconds > 0.2 ? (loadedBytes - first.bytes) / seconds : undefined;
    const left = this.totalBytes - loadedBytes;
    this.listener?.({
      stage: this.stage,
      loadedBytes,
      totalBytes: this.totalBytes,
      cachedBytes: this.cachedBytes,
      verifiedBytes: this.verifiedBytes,
      uploadedBytes: this.uploadedBytes,
      secondsLeft: left <= 0 ? 0 : speed !== undefined && speed > 0 ? left / speed : undefined,
      bytesPerSecond: speed,
    });
  }
}
