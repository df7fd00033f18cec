// cache-opfs.ts: the store in the origin private file system: a folder of
// files named by hash, a folder of notes. In a dedicated worker bytes are
// written through a sync access handle while they arrive, so that a closed tab
// loses nothing; elsewhere when the download ends or breaks.
import type { CacheWriter, Store } from "./cache.js";

// In TypeScript's library for workers only.
interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
interface FileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(options?: { mode: string }): Promise<SyncAccessHandle>;
}

class SyncWriter implements CacheWriter {
  constructor(
    private readonly handle: SyncAccessHandle,
    private at: number,
  ) {
    handle.truncate(at);
  }
  write(bytes: Uint8Array<ArrayBuffer>): void {
    const written = this.handle.write(bytes, { at: this.at });
    this.at += written;
    if (written < bytes.length)
      throw new DOMException("the disk took only a part", "QuotaExceededError");
  }
  restart(): void {
    this.at = 0;
    this.handle.truncate(0);
  }
  async close(): Promise<void> {
    try {
      this.handle.flush();
    } finally {
      this.handle.close();
    }
  }
}

class AsyncWriter implements CacheWriter {
  constructor(
    private readonly file: FileSystemFileHandle,
    private from: number,
  ) {}
  write(): void {}
  restart(): void {
    this.from = 0;
  }
  async close(all: Uint8Array<ArrayBuffer>, received: number): Promise<void> {
    if (received <= this.from) return;
    const stream = await this.file.createWritable({ keepExistingData: this.from > 0 });
    try {
      await stream.write({
        type: "write",
        position: this.from,
        data: all.subarray(this.from, received),
      });
    } catch (error) {
      await stream.abort().catch(() => undefined);
      throw error;
    }
    await stream.close();
  }
}

/** Another tab may hold the file for a moment, to see what is in it. */
async function openForWriting(file: FileHandle): Promise<SyncAccessHandle> {
  for (let attempt = 0; ; ++attempt) {
    try {
      return await file.createSyncAccessHandle!();
    } catch (error) {
      const held = (error as { name?: string }).name === "NoModificationAllowedError";
      if (!held || attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as { name?: string }).name === "NotFoundError";
}

interface Opened {
  readonly file: FileHandle;
  readonly handle: SyncAccessHandle | undefined;
}

export class OpfsStore implements Store {
  readonly kind = "opfs";
  // Each call to the file system is a message to another process: what will be
  // read next is opened while the last is still worked on.
  private readonly opening = new Map<string, Promise<Opened | undefined>>();
  private constructor(
    private readonly files: FileSystemDirectoryHandle,
    private readonly notes: FileSystemDirectoryHandle,
  ) {}

  static async open(root: FileSystemDirectoryHandle): Promise<OpfsStore> {
    const folder = await root.getDirectoryHandle("sinter", { create: true });
    return new OpfsStore(
      await folder.getDirectoryHandle("files", { create: true }),
      await folder.getDirectoryHandle("bundles", { create: true }),
    );
  }

  private async find(folder: FileSystemDirectoryHandle, name: string): Promise<FileHandle | undefined> {
    try {
      return await folder.getFileHandle(name);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async size(name: string): Promise<number> {
    const file = await this.find(this.files, name);
    return file === undefined ? 0 : (await file.getFile()).size;
  }

  ahead(name: string): void {
    if (this.opening.has(name)) return;
    const opening = this.openByName(name);
    opening.catch(() => undefined); // read() sees it
    this.opening.set(name, opening);
  }

  async release(): Promise<void> {
    const all = [...this.opening.values()];
    this.opening.clear();
    for (const opened of await Promise.allSettled(all))
      if (opened.status === "fulfilled") opened.value?.handle?.close();
  }

  private async openByName(name: string): Promise<Opened | undefined> {
    const file = await this.find(this.files, name);
    return file && { file, handle: await this.openForReading(file) };
  }

  async read(name: string, into: Uint8Array<ArrayBuffer>): Promise<number> {
    const opening = this.opening.get(name) ?? this.openByName(name);
    this.opening.delete(name);
    const opened = await opening;
    if (opened === undefined) return 0;
    const { file, handle } = opened;
    if (handle !== undefined) {
      try {
        return handle.read(into.subarray(0, Math.min(into.length, handle.getSize())), { at: 0 });
      } finally {
        handle.close();
      }
    }
    return readBlob(await file.getFile(), into);
  }

  /** A handle that lets other tabs read too; undefined where there is none. */
  private async openForReading(file: FileHandle): Promise<SyncAccessHandle | undefined> {
    try {
      return await file.createSyncAccessHandle?.({ mode: "read-only" });
    } catch {
      return undefined; // another tab has the file; a blob can be read anyway
    }
  }

  async writer(name: string, from: number): Promise<CacheWriter> {
    const file: FileHandle = await this.files.getFileHandle(name, { create: true });
    if (file.createSyncAccessHandle === undefined) return new AsyncWriter(file, from);
    const handle = await openForWriting(file);
    try {
      return new SyncWriter(handle, from);
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await this.drop(this.files, name);
  }

  private async drop(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    try {
      await folder.removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async readText(name: string): Promise<string | undefined> {
    const file = await this.find(this.notes, name);
    return file === undefined ? undefined : (await file.getFile()).text();
  }

  async writeText(name: string, text: string): Promise<void> {
    const file: FileHandle = await this.notes.getFileHandle(name, { create: true });
    const bytes = new TextEncoder().encode(text);
    // Safari's files can only be written through a handle.
    if (file.createSyncAccessHandle !== undefined) {
      const writer = new SyncWriter(await openForWriting(file), 0);
      try {
        writer.write(bytes);
      } finally {
        await writer.close();
      }
    } else {
      await new AsyncWriter(file, 0).close(bytes, bytes.length);
    }
  }

  async removeText(name: string): Promise<void> {
    await this.drop(this.notes, name);
  }

  async texts(): Promise<string[]> {
    const names: string[] = [];
    const notes = this.notes as unknown as { keys(): AsyncIterable<string> };
    for await (const name of notes.keys()) names.push(name);
    return names;
  }
}

/** Reads the beginning of a blob in pieces, so that it is never in memory a
 * second time. */
export async function readBlob(blob: Blob, into: Uint8Array<ArrayBuffer>): Promise<number> {
  const pieceBytes = 4 << 20;
  const end = Math.min(blob.size, into.length);
  for (let at = 0; at < end; at += pieceBytes) {
    const piece = blob.slice(at, Math.min(end, at + pieceBytes));
    into.set(new Uint8Array(await piece.arrayBuffer()), at);
  }
  return end;
}
