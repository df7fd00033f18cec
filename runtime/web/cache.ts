// cache.ts: where a bundle's files stay between visits. Files are stored under
// their SHA-256, so that a file is kept once whatever bundle or version it came
// with; a file that is shorter than its size is the beginning of a download. A
// note per bundle (its address and manifest) makes it listable and loadable
// without a network. What is read back is hashed again by the loader.
import { OpfsStore } from "./cache-opfs.js";
import { CacheStorageStore } from "./cache-storage.js";
import { SinterError } from "./errors.js";
import type { BundleFile } from "./manifest.js";
import { parseManifest } from "./manifest.js";
import { sha256 } from "./sha256.js";

/** Takes a file's bytes while they arrive. */
export interface CacheWriter {
  /** Appends. Throws when there is no room. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** What was written so far is void. */
  restart(): void;
  /** Ends the writing; all: the file's first `received` bytes. */
  close(all: Uint8Array<ArrayBuffer>, received: number): Promise<void>;
}

/** A place that keeps files and small texts by name. */
export interface Store {
  readonly kind: "opfs" | "cache-storage";
  /** Bytes that are held of a file; 0: none. */
  size(sha256: string): Promise<number>;
  /** Reads the first into.length bytes at most; returns how many. */
  read(sha256: string, into: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Prepares the reading of a file that will be read soon. */
  ahead?(sha256: string): void;
  /** Undoes what `ahead` prepared and nobody used. */
  release?(): Promise<void>;
  /** Continues a file of which `from` bytes are held. */
  writer(sha256: string, from: number): Promise<CacheWriter>;
  remove(sha256: string): Promise<void>;
  readText(name: string): Promise<string | undefined>;
  writeText(name: string, text: string): Promise<void>;
  removeText(name: string): Promise<void>;
  texts(): Promise<string[]>;
}

/** What a browser's `navigator.storage` gives; Node has none. */
export interface StorageLike {
  getDirectory?(): Promise<FileSystemDirectoryHandle>;
  estimate?(): Promise<StorageEstimate>;
  persist?(): Promise<boolean>;
}

export interface CacheEnvironment {
  readonly storage?: StorageLike | undefined;
  readonly caches?: CacheStorage | undefined;
}

function hostEnvironment(): CacheEnvironment {
  const scope = globalThis as {
    navigator?: { storage?: StorageLike };
    caches?: CacheStorage;
  };
  const read = <T>(get: () => T): T | undefined => {
    try {
      return get();
    } catch {
      return undefined; // a sandboxed frame throws on mere access
    }
  };
  return {
    storage: read(() => scope.navigator?.storage),
    caches: read(() => scope.caches),
  };
}

/** The best store there is; undefined and a reason where there is none. */
export async function openStore(
  environment: CacheEnvironment = hostEnvironment(),
): Promise<{ store?: Store; reason: string }> {
  let reason = "this place has no storage for files";
  if (environment.storage?.getDirectory !== undefined) {
    try {
      const root = await environment.storage.getDirectory();
      return { store: await OpfsStore.open(root), reason: "" };
    } catch (error) {
      reason = `the browser refuses its file storage (${(error as Error).message})`;
    }
  }
  if (environment.caches !== undefined) {
    try {
      return { store: await CacheStorageStore.open(environment.caches), reason: "" };
    } catch (error) {
      reason = `the browser refuses its cache storage (${(error as Error).message})`;
    }
  }
  return { reason };
}

/** Free bytes as the browser estimates them; Infinity when it does not say. */
export async function freeBytes(
  environment: CacheEnvironment = hostEnvironment(),
): Promise<number> {
  try {
    const { quota, usage } = (await environment.storage?.estimate?.()) ?? {};
    return quota === undefined ? Infinity : Math.max(0, quota - (usage ?? 0));
  } catch {
    return Infinity;
  }
}

/** What is remembered of a bundle. */
export interface BundleNote {
  readonly base: string;
  readonly manifest: string;
  readonly used: number;
  /** What computed right with this manifest, and when (self-check.ts). */
  readonly checked: Readonly<Record<string, number>>;
}

/** A bundle that is cached, wholly or in part. */
export interface CachedBundle {
  /** The folder's address. */
  readonly base: string;
  readonly name: string;
  /** Bytes of its files, and of those how many are held. */
  readonly bytes: number;
  readonly cachedBytes: number;
  readonly complete: boolean;
  /** When it was loaded last. */
  readonly lastUsed: Date;
}

export async function noteName(base: string): Promise<string> {
  return sha256(new TextEncoder().encode(base));
}

export async function readNote(store: Store, base: string): Promise<BundleNote | undefined> {
  return parseNote(await store.readText(await noteName(base)));
}

export async function writeNote(store: Store, note: BundleNote): Promise<void> {
  await store.writeText(await noteName(note.base), JSON.stringify(note));
}

function parseNote(text: string | undefined): BundleNote | undefined {
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<BundleNote>;
    if (typeof note.base === "string" && typeof note.manifest === "string")
      return {
        base: note.base,
        manifest: note.manifest,
        used: Number(note.used) || 0,
        checked: typeof note.checked === "object" ? { ...note.checked } : {},
      };
  } catch {
    // A note that was cut off is no note; the next load writes it again.
  }
  return undefined;
}

interface NotedBundle {
  note: BundleNote;
  name: string;
  files: BundleFile[];
}

async function notedBundles(store: Store): Promise<NotedBundle[]> {
  const found: NotedBundle[] = [];
  for (const text of await store.texts()) {
    const note = parseNote(await store.readText(text));
    if (note === undefined) continue;
    try {
      const manifest = parseManifest(note.manifest);
      found.push({ note, name: manifest.name, files: [...manifest.files.values()] });
    } catch {
      found.push({ note, name: "", files: [] }); // of another version
    }
  }
  return found;
}

/** The bundles that this origin holds. Files that no device needed so far do
 * not count. */
export async function listCached(
  environment?: CacheEnvironment,
): Promise<CachedBundle[]> {
  const { store } = await openStore(environment);
  if (store === undefined) return [];
  const bundles: CachedBundle[] = [];
  for (const { note, name, files } of await notedBundles(store)) {
    let bytes = 0;
    let cachedBytes = 0;
    let shardsComplete = true;
    for (const file of files) {
      const held = Math.min(file.size, await store.size(file.sha256));
      const isShard = file.path.startsWith("weights/");
      if (isShard || held > 0) bytes += file.size;
      if (isShard && held < file.size) shardsComplete = false;
      cachedBytes += held;
    }
    bundles.push({
      base: note.base,
      name,
      bytes,
      cachedBytes,
      complete: shardsComplete && cachedBytes === bytes,
      lastUsed: new Date(note.used),
    });
  }
  return bundles.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

/** Deletes a bundle (all bundles without base), but no file that another one
 * needs. Returns the bytes that became free. */
export async function deleteCached(
  base?: string | URL,
  environment?: CacheEnvironment,
): Promise<number> {
  const { store } = await openStore(environment);
  if (store === undefined) return 0;
  const bundles = await notedBundles(store);
  const gone = bundles.filter((b) => base === undefined || b.note.base === String(base));
  const kept = new Set(
    bundles.filter((b) => !gone.includes(b)).flatMap((b) => b.files.map((f) => f.sha256)),
  );
  let freed = 0;
  for (const { note, files } of gone) {
    for (const file of files) {
      if (kept.has(file.sha256)) continue;
      const held = await store.size(file.sha256);
      if (held === 0) continue;
      try {
        await store.remove(file.sha256);
      } catch (error) {
        throw new SinterError(
          "UNSUPPORTED",
          `${file.path} cannot be deleted while a tab is loading it; close the model there first`,
          { file: file.path },
          error,
        );
      }
      freed += held;
    }
    await store.removeText(await noteName(note.base));
  }
  return freed;
}
