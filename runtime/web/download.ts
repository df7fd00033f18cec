// download.ts: fetches one file whose size is known, piece by piece, and goes
// on by Range where a connection broke. What servers do wrong is found here by
// status, type and length, and later by the file's SHA-256.
import { SinterError, aborted, throwIfAborted } from "./errors.js";
import { crossesOrigin, delay, isOnline, nodeFiles } from "./host.js";
import type { BundleFile } from "./manifest.js";
import { watchPolicy, whyRefused } from "./refusal.js";

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** For fetch: "no-store" where we keep files ourselves, "reload" to get past
   * a cache that gave us wrong bytes. */
  readonly cache?: RequestCache;
  readonly fetch?: typeof fetch;
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly stallTimeout?: number;
  /** Milliseconds before the first of the retries; each next one doubles. */
  readonly backoff?: number;
}

/** Where bytes go, in order. restart: what came before is void. */
export interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): void;
  restart(): void;
}

export const maxRetries = 5;
// After this much progress a break is the first one again.
const progressBytes = 1 << 20;

/** A failure that another attempt may mend. */
class Broken extends Error {}

class Download {
  private etag: string | undefined;
  private gzip = false;
  private readonly options: Required<Omit<DownloadOptions, "signal">> & {
    signal: AbortSignal | undefined;
  };

  constructor(
    private readonly url: URL,
    private readonly file: BundleFile,
    private received: number,
    private readonly sink: Sink,
    options: DownloadOptions,
  ) {
    this.options = {
      signal: options.signal,
      cache: options.cache ?? "default",
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      stallTimeout: options.stallTimeout ?? 30_000,
      backoff: options.backoff ?? 500,
    };
  }

  async run(): Promise<void> {
    let retries = 0;
    let mark = this.received;
    while (this.received < this.file.size) {
      try {
        await this.attempt();
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        throwIfAborted(this.options.signal);
        if (this.received - mark >= progressBytes) retries = 0;
        mark = this.received;
        if (retries === maxRetries || !isOnline()) throw this.giveUp(error, retries);
        await delay(this.options.backoff * 2 ** retries, this.options.signal);
        ++retries;
      }
    }
  }

  private giveUp(error: Broken, retries: number): SinterError {
    const { path, size } = this.file;
    const details = { file: path, received: this.received, expected: size };
    if (!isOnline())
      return new SinterError(
        "OFFLINE",
        `the device is offline and ${path} is not in the cache; connect and load again: ` +
          "what has come so far is kept",
        details,
      );
    return new SinterError(
      "NETWORK",
      `${path} broke off at ${this.received} of ${size} bytes ${retries + 1} times ` +
        `(${error.message}); check the connection and the server's CORS headers, then load again`,
      details,
      error,
    );
  }

  private restart(): void {
    this.received = 0;
    this.etag = undefined;
    this.sink.restart();
  }

  private async attempt(): Promise<void> {
    const abort = new AbortController();
    const stop = () => abort.abort(this.options.signal?.reason);
    this.options.signal?.addEventListener("abort", stop, { once: true });
    try {
      const response = await this.request(abort);
      this.accept(response);
      await this.readBody(response, abort);
    } finally {
      this.options.signal?.removeEventListener("abort", stop);
      abort.abort(); // frees the connection when the body was not read
    }
  }

  private async request(abort: AbortController): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.received > 0) {
      headers["Range"] = `bytes=${this.received}-`;
      // Another origin would have to be asked first whether it allows If-Range
      // (a preflight, which plain file hosts refuse); the hash tells as well.
      if (this.etag !== undefined && !crossesOrigin(this.url)) headers["If-Range"] = this.etag;
    }
    watchPolicy();
    try {
      return await this.withTimeout(
        this.options.fetch(this.url.href, {
          headers,
          cache: this.options.cache,
          signal: abort.signal,
        }),
        abort,
      );
    } catch (error) {
      if (this.options.signal?.aborted) throw aborted(this.options.signal.reason);
      const refused = error instanceof Broken ? undefined : await whyRefused(this.url, this.file.path);
      throw refused ?? new Broken((error as Error).message, { cause: error });
    }
  }

  /** Checks status and headers; afterwards the body continues at received. */
  private accept(response: Response): void {
    const { path, size } = this.file;
    const { status } = response;
    if (status === 416) {
      this.restart();
      throw new Broken("the server has no such range");
    }
    if (status >= 500 || status === 408 || status === 425 || status === 429)
      throw new Broken(`the server answers ${status}`);
    if (status !== 200 && status !== 206)
      throw new SinterError(
        "NOT_FOUND",
        `the server answers ${status} for ${path}; is the whole bundle there, at ${this.url.href}?`,
        { file: path, status },
      );
    // Some servers call every file that they do not know a page: one of the right
    // length may be the file, and its hash decides.
    const type = response.headers.get("content-type") ?? "";
    const isPage = /^text\/html/i.test(type) && !path.endsWith(".html");
    if (isPage && announcedLength(response) !== size - (status === 206 ? this.received : 0))
      throw this.bad("sends a web page instead of the file; is the file there?");
    if (status === 206) this.acceptRange(response);
    else if (this.received > 0) this.restart(); // no ranges here, or another file
    this.acceptLength(response, size);
    const etag = response.headers.get("etag");
    this.etag = etag !== null && !etag.startsWith("W/") ? etag : undefined;
  }

  private acceptRange(response: Response): void {
    if (response.headers.get("content-encoding") !== null && this.received > 0) {
      // A range of the compressed bytes, not of the file's.
      this.restart();
      throw new Broken("the server compresses ranges");
    }
    const range = response.headers.get("content-range") ?? "";
    const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range);
    const total = found?.[3];
    if (total !== undefined && total !== "*" && Number(total) !== this.file.size)
      throw this.bad(`has a file of ${total} bytes, the manifest says ${this.file.size}`);
    // Across origins the header may be hidden: then the hash has to tell.
    if (found !== null && Number(found[1]) === this.received) return;
    if (found === null && range === "") return;
    this.restart();
    throw new Broken(`the server sent the range "${range}"`);
  }

  private acceptLength(response: Response, size: number): void {
    const length = announcedLength(response);
    const expected = size - this.received;
    if (length !== undefined && length !== expected)
      throw this.bad(
        `announces ${length} bytes where ${expected} are missing; ` +
          "the file on the server is another one than the manifest's",
        length + this.received,
      );
  }

  private bad(what: string, got?: number): SinterError {
    return new SinterError(
      "BAD_RESPONSE",
      `${this.file.path}: the server ${what} (${this.url.href})`,
      { file: this.file.path, expected: this.file.size, received: got },
    );
  }

  private async readBody(response: Response, abort: AbortController): Promise<void> {
    if (response.body === null) throw new Broken("the answer has no body");
    const read = pieceReader(response.body);
    for (;;) {
      let piece: Uint8Array<ArrayBuffer> | undefined;
      try {
        piece = await this.withTimeout(read(), abort);
      } catch (error) {
        if (this.options.signal?.aborted) throw aborted(this.options.signal.reason);
        throw new Broken((error as Error).message, { cause: error });
      }
      throwIfAborted(this.options.signal);
      if (piece === undefined) break;
      this.take(piece);
    }
    if (this.received === this.file.size) return;
    // A file may begin with these bytes by chance, but then it is complete.
    if (this.gzip)
      throw this.bad(
        "sends the file gzip-compressed without saying so; turn that off, " +
          'or let it send "Content-Encoding: gzip"',
        this.received,
      );
    throw new Broken("the answer ended early");
  }

  private take(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.received === 0) this.gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    if (this.received + bytes.length > this.file.size)
      throw this.bad(
        `sends more than the ${this.file.size} bytes of the manifest`,
        this.received + bytes.length,
      );
    this.received += bytes.length;
    this.sink.write(bytes);
  }

  private withTimeout<T>(work: Promise<T>, abort: AbortController): Promise<T> {
    const { stallTimeout } = this.options;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        abort.abort();
        reject(new Broken(`no byte for ${stallTimeout / 1000} s`));
      }, stallTimeout);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

/** The body's length, unless it is compressed: that one says nothing of the file. */
function announcedLength(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  const isPlain = response.headers.get("content-encoding") === null;
  return isPlain && length !== null ? Number(length) : undefined;
}

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Reads a body piece by piece; undefined at its end. A piece is only valid
 * until the next read. Where the body is a byte stream all pieces share one
 * buffer; otherwise each is garbage for the collector, and gigabytes of it are
 * collected late. */
function pieceReader(body: Body): () => Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const reader = body.getReader({ mode: "byob" });
    let room = new ArrayBuffer(256 * 1024);
    return async () => {
      const { done, value } = await reader.read(new Uint8Array(room));
      if (value !== undefined) room = value.buffer;
      return done ? undefined : value;
    };
  } catch {
    const reader = body.getReader();
    return async () => {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    };
  }
}

async function readNodeFile(
  url: URL,
  file: BundleFile,
  from: number,
  sink: Sink,
  signal: AbortSignal | undefined,
): Promise<void> {
  let handle;
  try {
    handle = await nodeFiles().open(url, "r");
  } catch (error) {
    throw new SinterError(
      "NOT_FOUND",
      `cannot open ${file.path} (${(error as Error).message})`,
      { file: file.path },
      error,
    );
  }
  try {
    const { size } = await handle.stat();
    if (size !== file.size)
      throw new SinterError(
        "BAD_RESPONSE",
        `${file.path} has ${size} bytes, the manifest says ${file.size}; compile or copy the bundle again`,
        { file: file.path, expected: file.size, received: size },
      );
    const piece = new Uint8Array(Math.min(1 << 20, Math.max(1, file.size)));
    for (let at = from; at < file.size; ) {
      throwIfAborted(signal);
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, file.size - at), at);
      if (bytesRead === 0)
        throw new SinterError("BAD_RESPONSE", `${file.path} became shorter while it was read`, {
          file: file.path,
        });
      sink.write(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Fetches bytes [from, size) of a file into the sink. NETWORK, OFFLINE,
 * NOT_FOUND, BAD_RESPONSE, ABORTED; the sink keeps what came before. */
export async function download(
  url: URL,
  file: BundleFile,
  from: number,
  sink: Sink,
  options: DownloadOptions = {},
): Promise<void> {
  throwIfAborted(options.signal);
  if (url.protocol === "file:" && options.fetch === undefined)
    return readNodeFile(url, file, from, sink, options.signal);
  return new Download(url, file, from, sink, options).run();
}
