// rpc.ts: calls from a page to its worker, over any port. A call has a number;
// its answer, its events and its abort carry it. When the worker fails, every
// call that waits is rejected.
import { SinterError, aborted, errorFromData, errorToData } from "./errors.js";
import type { ErrorData } from "./errors.js";

export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

type ToWorker =
  | { sinter: "call"; id: number; method: string; args: unknown[] }
  | { sinter: "abort"; id: number };
type FromWorker =
  | { sinter: "event"; id: number; event: unknown }
  | { sinter: "result"; id: number; result: unknown }
  | { sinter: "error"; id: number; error: ErrorData };

export interface CallExtras {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: never) => void) | undefined;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onEvent: ((event: never) => void) | undefined;
  stop(): void;
}

/** The page's side. */
export class RpcClient {
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;
  private failure: SinterError | undefined;

  constructor(private readonly port: Port) {
    port.addEventListener("message", (event) => this.receive(event.data as FromWorker));
  }

  /** Rejects everything that waits, and all later calls. */
  fail(error: SinterError): void {
    this.failure ??= error;
    for (const call of this.waiting.values()) call.reject(this.failure);
    this.waiting.clear();
  }

  call<T>(method: string, args: unknown[], extras: CallExtras = {}): Promise<T> {
    const { signal } = extras;
    if (this.failure) return Promise.reject(this.failure);
    if (signal?.aborted) return Promise.reject(aborted(signal.reason));
    const id = this.next++;
    return new Promise<T>((resolve, reject) => {
      const stop = () => this.port.postMessage({ sinter: "abort", id } satisfies ToWorker);
      signal?.addEventListener("abort", stop, { once: true });
      this.waiting.set(id, {
        resolve: resolve as (value: unknown) => void,
        reject,
        onEvent: extras.onEvent,
        stop: () => signal?.removeEventListener("abort", stop),
      });
      try {
        this.port.postMessage({ sinter: "call", id, method, args } satisfies ToWorker);
      } catch (error) {
        this.waiting.delete(id);
        reject(
          new SinterError(
            "INVALID_ARGUMENT",
            `an argument cannot be sent to the worker: ${(error as Error).message}`,
            {},
            error,
          ),
        );
      }
    });
  }

  /** The last call: whatever else waits, and every later call, is rejected at once. */
  callLast(method: string, error: SinterError): Promise<void> {
    const before = [...this.waiting];
    const last = this.call<void>(method, []);
    this.failure ??= error;
    for (const [id, call] of before) {
      this.waiting.delete(id);
      call.stop();
      call.reject(error);
    }
    return last;
  }

  private receive(message: FromWorker): void {
    const call = this.waiting.get(message?.id);
    if (call === undefined) return;
    if (message.sinter === "event") {
      call.onEvent?.(message.event as never);
      return;
    }
    this.waiting.delete(message.id);
    call.stop();
    if (message.sinter === "result") call.resolve(message.result);
    else if (message.sinter === "error") call.reject(errorFromData(message.error));
  }
}

/** What a method of the worker gets besides its arguments. */
export interface CallContext {
  readonly signal: AbortSignal;
  emit(event: unknown): void;
}
export type Methods = Record<string, (args: never, context: CallContext) => Promise<unknown>>;

/** The worker's side: answers calls until the port is gone. */
export function serve(port: Port, methods: Methods): void {
  const running = new Map<number, AbortController>();
  port.addEventListener("message", (event) => {
    const message = event.data as ToWorker;
    if (message?.sinter === "abort") running.get(message.id)?.abort();
    if (message?.sinter !== "call") return;
    const { id, method, args } = message;
    const abort = new AbortController();
    running.set(id, abort);
    const context: CallContext = {
      signal: abort.signal,
      emit: (event) => port.postMessage({ sinter: "event", id, event } satisfies FromWorker),
    };
    const run = methods[method];
    const work =
      run === undefined
        ? Promise.reject(new SinterError("INTERNAL", `the worker has no method ${method}`))
        : run(args as never, context);
    work
      .then((result) => {
        const transfer = result instanceof Float32Array ? [result.buffer as ArrayBuffer] : [];
        port.postMessage({ sinter: "result", id, result } satisfies FromWorker, transfer);
      })
      .catch((error: unknown) =>
        port.postMessage({ sinter: "error", id, error: errorToData(error) } satisfies FromWorker),
      )
      .finally(() => running.delete(id));
  });
}
