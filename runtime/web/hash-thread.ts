// hash-thread.ts: a helper that hashes the weights' pieces. Chromium's digest of
// bytes computes in the worker that asks for it, where it would keep reading and
// copying waiting.
import { SinterError } from "./errors.js";
import { isNode } from "./host.js";
import { startBrowserHelper } from "./threads.js";

/** What thread.js is sent once to hash, before the pieces. */
export interface HashStart {
  readonly hash: true;
}
/** Whole pieces at the beginning of a buffer, which goes there and comes back. */
export interface HashJob {
  readonly buffer: ArrayBuffer;
  readonly size: number;
}
export interface HashReply {
  readonly buffer: ArrayBuffer;
  readonly hashes: Uint8Array;
}

export class HashThread {
  private readonly worker: Worker;
  private readonly free: ArrayBuffer[] = [];
  private readonly waiting: { resolve(hashes: Uint8Array): void; reject(error: Error): void }[] = [];
  private isReady = false;

  /** Undefined where no helper can be started, or none is needed (Node's digests
   * have threads of their own). */
  static start(): HashThread | undefined {
    if (isNode() || typeof Worker === "undefined") return undefined;
    try {
      return new HashThread();
    } catch {
      return undefined; // a policy forbids workers
    }
  }

  private constructor() {
    this.worker = startBrowserHelper();
    this.worker.onmessage = ({ data }: MessageEvent<HashReply | "ready" | "failed">) => {
      if (data === "ready") this.isReady = true;
      else if (data === "failed") this.end();
      else {
        this.free.push(data.buffer);
        this.waiting.shift()!.resolve(data.hashes);
      }
    };
    this.worker.onerror = () => this.end();
    this.worker.postMessage({ hash: true } satisfies HashStart);
  }

  /** The hashes of whole pieces, copied at once, of at most `most` bytes; undefined
   * while there is no helper: before it has come, after it has failed. */
  hashes(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<Uint8Array> | undefined {
    if (!this.isReady) return undefined;
    const buffer = this.free.pop() ?? new ArrayBuffer(most);
    new Uint8Array(buffer).set(bytes);
    this.worker.postMessage({ buffer, size: bytes.length } satisfies HashJob, [buffer]);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Whoever still waits is told that it failed. */
  end(): void {
    this.isReady = false;
    this.worker.terminate();
    for (const { reject } of this.waiting.splice(0))
      reject(new SinterError("WORKER_FAILED", "the worker that hashes the weights ended; load the model again"));
  }
}
