// loader.ts: brings a bundle's files here: from the cache, or from the network
// into the cache. Every byte is hashed before it is used; a file that fails is
// fetched once more. Weights pass through one buffer of a shard's size (24 MiB):
// while a shard is hashed, the next one comes.
import type { CacheEnvironment, Store } from "./cache.js";
import { freeBytes, openStore, readNote, writeNote } from "./cache.js";
import type { DownloadOptions } from "./download.js";
import { download } from "./download.js";
import { SinterError, formatBytes, throwIfAborted } from "./errors.js";
import { withLock } from "./lock.js";
import type { BundleFile, Manifest } from "./manifest.js";
import { parseManifest, requireFile, shardBytes } from "./manifest.js";
import { fetchManifestText } from "./manifest-fetch.js";
import { HashThread } from "./hash-thread.js";
import { PieceHashes, hashPieces, pieceBytes, piecesPath } from "./pieces.js";
import { ProgressMeter } from "./progress.js";
import { sha256 } from "./sha256.js";

// Weights go to the device, and are hashed, in so many bytes at a time.
const groupBytes = 8 * pieceBytes;

export interface LoaderOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ProgressMeter | undefined;
  /** False: nothing is kept, and nothing kept is used. */
  readonly cache?: boolean | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** For tests. */
  readonly environment?: CacheEnvironment | undefined;
  readonly download?: Pick<DownloadOptions, "backoff" | "stallTimeout">;
}

/** Takes a piece of the weights; bytes are only valid until it is done. A piece
 * that was wrong comes once more. */
export type WeightSink = (
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void | Promise<void>;

interface Filled {
  cached: number;
  downloaded: number;
}

/** The buffer for shards, with the first one in it. */
interface FirstShard {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly filled: Filled;
}

export class BundleLoader {
  readonly progress: ProgressMeter;
  /** What the caller should know: that nothing could be cached, say. */
  readonly warnings: string[] = [];
  private writable: boolean;
  private healed = 0;
  private readonly expected = new Set<string>();
  private first: Promise<FirstShard> | undefined;
  private hashThread: HashThread | undefined;
  private checked: Record<string, number> = {};
  private readonly abandoned = new AbortController();

  private constructor(
    readonly base: URL,
    readonly manifest: Manifest,
    /** True when the manifest came from the cache because there is no network. */
    readonly offline: boolean,
    private readonly store: Store | undefined,
    private readonly options: LoaderOptions,
  ) {
    this.progress = options.progress ?? new ProgressMeter();
    this.writable = store !== undefined;
  }

  get cacheKind(): "opfs" | "cache-storage" | "none" {
    return this.store?.kind ?? "none";
  }
  /** Files whose bytes were wrong and that were fetched again. */
  get healedFiles(): number {
    return this.healed;
  }

  /** Reads the manifest. */
  static async open(base: URL, options: LoaderOptions = {}): Promise<BundleLoader> {
    throwIfAborted(options.signal);
    options.progress?.enter("manifest");
    const wanted = options.cache !== false && base.protocol !== "file:";
    const { store, reason } = wanted
      ? await openStore(options.environment)
      : { store: undefined, reason: "" };
    const note = store && (await readNote(store, base.href).catch(() => undefined));
    const { text, offline } = await fetchManifestText(base, note?.manifest, options);
    const manifest = parseManifest(text);
    const loader = new BundleLoader(base, manifest, offline, store, options);
    if (note?.manifest === text) loader.checked = { ...note.checked };
    if (reason !== "") loader.warn(`the model will be downloaded again next time: ${reason}`);
    await loader.remember();
    return loader;
  }

  private warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** When something was found to compute right with this bundle, if ever. */
  checkedAt(what: string): number | undefined {
    return this.checked[what];
  }
  /** Notes that it does. */
  async noteChecked(what: string): Promise<void> {
    this.checked[what] = Date.now();
    await this.remember();
  }

  /** Notes the bundle's use in the cache. */
  private async remember(): Promise<void> {
    if (this.store === undefined) return;
    const { checked } = this;
    const note = { base: this.base.href, manifest: this.manifest.text, used: Date.now(), checked };
    const { store } = this;
    try {
      // A file takes one writer: two tabs that open the same bundle take turns.
      await withLock(`sinter:note:${this.base.href}`, this.options.signal, () => writeNote(store, note));
    } catch (error) {
      this.stopWriting(error);
    }
  }

  private stopWriting(error: unknown): void {
    this.writable = false;
    const { name, message } = error as Error;
    this.warn(
      name === "QuotaExceededError"
        ? "the browser gives no more room: what is missing in the cache will be downloaded again next time"
        : `the cache cannot be written (${message}): the model will be downloaded again next time`,
    );
  }

  /** Announces what will be asked for: the total of the progress, and whether
   * there is room for it. */
  async expect(paths: readonly string[]): Promise<void> {
    const files = paths.map((path) => requireFile(this.manifest, path));
    for (const file of files) {
      this.progress.totalBytes += file.size;
      this.expected.add(file.path);
    }
    const { store } = this;
    if (store === undefined) return;
    const missingOf = async (file: BundleFile) =>
      Math.max(0, file.size - (await store.size(file.sha256).catch(() => 0)));
    let missing = 0;
    for (const bytes of await Promise.all(files.map(missingOf))) missing += bytes;
    if (missing === 0) return;
    const free = await freeBytes(this.options.environment);
    if (missing <= free) return;
    this.writable = false;
    this.warn(
      `${formatBytes(missing)} are missing in the cache and the browser has room for ${formatBytes(free)}: ` +
        "the model runs, but will be downloaded again next time",
    );
  }

  /** A whole file, hashed. For everything but weights. */
  async file(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const file = requireFile(this.manifest, path);
    if (!this.expected.has(path)) this.progress.totalBytes += file.size;
    const buffer = this.allocate(file.size, path);
    const filled = await this.fill(file, buffer, this.options.signal, false);
    await this.check(file, buffer, filled, this.options.signal);
    return buffer;
  }

  private allocate(size: number, what: string): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(size);
    } catch (error) {
      throw new SinterError(
        "OUT_OF_MEMORY",
        `no memory for ${formatBytes(size)} of ${what}; close other tabs`,
        { needed: size },
        error,
      );
    }
  }

  /** Begins with the first shard while the caller still prepares what weights()
   * gives bytes to. A failure is told by weights(). */
  begin(): void {
    if (this.first !== undefined || this.manifest.shards.length === 0) return;
    this.hashThread = this.manifest.files.has(piecesPath) ? HashThread.start() : undefined;
    this.first = this.bringFirst();
    this.first.catch(() => undefined);
  }

  /** Ends what begin() began, when weights() will not be asked for. */
  abandon(): void {
    this.abandoned.abort();
    this.hashThread?.end();
  }

  private async bringFirst(): Promise<FirstShard> {
    const { signal } = this.abandoned;
    const file = this.manifest.shards[0]!;
    const stop = () => this.abandon();
    this.options.signal?.addEventListener("abort", stop, { once: true });
    try {
      throwIfAborted(this.options.signal);
      const buffer = this.allocate(file.size, "weights");
      return { buffer, filled: await this.fill(file, buffer, signal, false) };
    } finally {
      this.options.signal?.removeEventListener("abort", stop);
    }
  }

  /** Streams all weights to the sink, in order of first use. */
  async weights(sink: WeightSink): Promise<void> {
    const { shards } = this.manifest;
    if (shards.length === 0) return;
    const failed = new AbortController();
    const stop = () => failed.abort(this.options.signal?.reason);
    this.options.signal?.addEventListener("abort", stop, { once: true });
    throwIfAborted(this.options.signal);
    const checks: Promise<void>[] = [];
    let failure: { error: unknown } | undefined;
    try {
      this.begin();
      const first = this.first!;
      this.first = undefined;
      const pieces = await this.pieceHashes();
      const { buffer, filled: begun } = await first;
      for (let i = 0; i < shards.length && !failure; ++i) {
        const file = shards[i]!;
        const bytes = buffer.subarray(0, file.size);
        const filled = i === 0 ? begun : await this.fill(file, bytes, failed.signal, false);
        const next = shards[i + 1];
        if (next !== undefined) this.store?.ahead?.(next.sha256);
        const matches = await this.handOver(i, bytes, pieces, sink);
        const check = this.checkShard(i, matches, filled, sink, failed.signal);
        checks.push(check);
        check.catch((error: unknown) => {
          failure ??= { error };
          failed.abort(error);
        });
        this.progress.uploaded(file.size);
        await checks[i - 1];
      }
      this.progress.enter("upload");
      await Promise.all(checks);
    } catch (error) {
      failure ??= { error };
      failed.abort(error);
      await Promise.allSettled(checks);
      throwIfAborted(this.options.signal);
      throw failure.error;
    } finally {
      this.options.signal?.removeEventListener("abort", stop);
      this.hashThread?.end();
      await this.store?.release?.();
    }
  }

  /** Undefined for bundles that were made before there were any. */
  private async pieceHashes(): Promise<PieceHashes | undefined> {
    const { files, bytes } = this.manifest;
    if (!files.has(piecesPath)) return undefined;
    return new PieceHashes(await this.file(piecesPath), bytes.weights);
  }

  /** Gives a shard to the device, and each group of pieces to be hashed beside
   * that; returns what becomes of the hashes. A hash works on a copy that it takes
   * at once, so the buffer may be filled again meanwhile; few groups wait at a
   * time, because copies take memory. */
  private async handOver(
    index: number,
    bytes: Uint8Array<ArrayBuffer>,
    pieces: PieceHashes | undefined,
    sink: WeightSink,
  ): Promise<Promise<boolean>[]> {
    const { sha256: whole } = this.manifest.shards[index]!;
    const begin = index * shardBytes;
    const step = pieces ? groupBytes : bytes.length;
    const matches: Promise<boolean>[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      const group = bytes.subarray(at, at + step);
      const match = pieces
        ? this.hashes(group).then((hashes) => pieces.match(begin + at, group.length, hashes))
        : sha256(group).then((hash) => hash === whole);
      match.catch(() => undefined); // told to who waits, if anybody still does
      matches.push(match);
      await sink(begin + at, group);
      await matches[matches.length - 2];
    }
    return matches;
  }

  private hashes(group: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return this.hashThread?.hashes(group, groupBytes) ?? hashPieces(group);
  }

  /** Waits for a shard's hashes. Wrong bytes are fetched into a buffer of their own
   * and replace those on the device, which uses none before all are checked. */
  private async checkShard(
    index: number,
    matches: readonly Promise<boolean>[],
    filled: Filled,
    sink: WeightSink,
    signal: AbortSignal,
  ): Promise<void> {
    const file = this.manifest.shards[index]!;
    if (!(await Promise.all(matches)).every((good) => good)) {
      const again = this.allocate(file.size, file.path);
      await this.heal(file, again, filled, signal);
      await sink(index * shardBytes, again);
    }
    throwIfAborted(signal);
    this.progress.verified(file.size);
  }

  /** Fills the buffer with a file's bytes, unchecked. fresh: not the cache's,
   * neither ours nor the browser's. */
  private async fill(
    file: BundleFile,
    into: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
    fresh: boolean,
  ): Promise<Filled> {
    if (!fresh && this.store !== undefined) {
      const cached = await this.readCached(file, into);
      if (cached === file.size) return { cached, downloaded: 0 };
      this.progress.lost(cached, 0);
    }
    if (!this.writable) return this.fetch(file, into, 0, undefined, signal, fresh);
    // One download for all tabs: the second finds what the first has stored.
    return withLock(`sinter:${file.sha256}`, signal, () => this.fillLocked(file, into, signal, fresh));
  }

  private async fillLocked(
    file: BundleFile,
    into: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
    fresh: boolean,
  ): Promise<Filled> {
    const store = this.store!;
    let held = 0;
    if (fresh) await store.remove(file.sha256).catch((error) => this.stopWriting(error));
    else held = await this.readCached(file, into);
    if (held === file.size) return { cached: held, downloaded: 0 };
    let writer;
    try {
      writer = await store.writer(file.sha256, held);
    } catch (error) {
      this.stopWriting(error);
    }
    return this.fetch(file, into, held, writer, signal, fresh);
  }

  /** Reads what the cache holds of a file; returns how many bytes. */
  private async readCached(file: BundleFile, into: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      const bytes = await this.store!.read(file.sha256, into);
      this.progress.cached(bytes);
      return bytes;
    } catch {
      return 0; // an entry that cannot be read is none
    }
  }

  private async fetch(
    file: BundleFile,
    into: Uint8Array<ArrayBuffer>,
    held: number,
    writer: Awaited<ReturnType<Store["writer"]>> | undefined,
    signal: AbortSignal | undefined,
    fresh: boolean,
  ): Promise<Filled> {
    const { progress, options } = this;
    let at = held;
    let cached = held;
    let open = writer;
    const attempt = (write: () => void) => {
      if (open === undefined) return;
      try {
        write();
      } catch (error) {
        this.stopWriting(error);
        const broken = open;
        open = undefined;
        void broken.close(into, 0).catch(() => undefined).then(() => this.dropEntry(file));
      }
    };
    try {
      await download(new URL(file.path, this.base), file, held, {
        write(bytes) {
          into.set(bytes, at);
          at += bytes.length;
          progress.downloaded(bytes.length);
          attempt(() => open!.write(bytes));
        },
        restart() {
          progress.lost(cached, at - cached);
          at = cached = 0;
          attempt(() => open!.restart());
        },
      }, {
        ...options.download,
        ...(options.fetch ? { fetch: options.fetch } : {}),
        signal,
        cache: fresh ? "reload" : this.store !== undefined ? "no-store" : "default",
      });
    } finally {
      try {
        await open?.close(into, at);
      } catch (error) {
        this.stopWriting(error);
      }
    }
    return { cached, downloaded: at - cached };
  }

  private async dropEntry(file: BundleFile): Promise<void> {
    await this.store?.remove(file.sha256).catch(() => undefined);
  }

  /** Hashes a filled buffer; wrong bytes are fetched once more. */
  private async check(
    file: BundleFile,
    bytes: Uint8Array<ArrayBuffer>,
    filled: Filled,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if ((await sha256(bytes)) !== file.sha256) await this.heal(file, bytes, filled, signal);
    throwIfAborted(signal);
    this.progress.verified(file.size);
  }

  /** Fetches a file whose bytes were wrong once more; CORRUPT when they are
   * wrong again. filled: where the wrong ones came from. */
  private async heal(
    file: BundleFile,
    bytes: Uint8Array<ArrayBuffer>,
    filled: Filled,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    throwIfAborted(signal);
    this.progress.lost(filled.cached, filled.downloaded);
    ++this.healed;
    await this.dropEntry(file);
    await this.fill(file, bytes, signal, true);
    const got = await sha256(bytes);
    if (got === file.sha256) return;
    await this.dropEntry(file);
    throw new SinterError(
      "CORRUPT",
      `${file.path} has the hash ${got.slice(0, 12)}..., the manifest says ` +
        `${file.sha256.slice(0, 12)}..., also after it was fetched again; copy the bundle to the server again`,
      { file: file.path, expected: file.sha256, received: got },
    );
  }
}
