// cache-storage.ts: the store in the Cache API, for browsers without an origin
// private file system. It takes whole files only: a download that breaks while
// the page is open goes on, one that a closed tab cut begins its shard again.
import type { CacheWriter, Store } from "./cache.js";
import { readBlob } from "./cache-opfs.js";

const cacheName = "sinter-bundles-1";
// Names under which the Cache API keeps entries have to be addresses.
const origin = "https://sinter.invalid/";

export class CacheStorageStore implements Store {
  readonly kind = "cache-storage";
  private constructor(private readonly cache: Cache) {}

  static async open(caches: CacheStorage): Promise<CacheStorageStore> {
    return new CacheStorageStore(await caches.open(cacheName));
  }

  private async blob(name: string): Promise<Blob | undefined> {
    const response = await this.cache.match(`${origin}files/${name}`);
    return response?.blob();
  }

  async size(name: string): Promise<number> {
    const response = await this.cache.match(`${origin}files/${name}`);
    return Number(response?.headers.get("content-length") ?? 0);
  }

  async read(name: string, into: Uint8Array<ArrayBuffer>): Promise<number> {
    const blob = await this.blob(name);
    return blob === undefined ? 0 : readBlob(blob, into);
  }

  async writer(name: string): Promise<CacheWriter> {
    const { cache } = this;
    return {
      write() {},
      restart() {},
      async close(all, received) {
        if (received < all.length) return; // only whole files
        const headers = { "content-length": String(received) };
        await cache.put(`${origin}files/${name}`, new Response(new Blob([all]), { headers }));
      },
    };
  }

  async remove(name: string): Promise<void> {
    await this.cache.delete(`${origin}files/${name}`);
  }

  async readText(name: string): Promise<string | undefined> {
    return (await this.cache.match(`${origin}bundles/${name}`))?.text();
  }

  async writeText(name: string, text: string): Promise<void> {
    await this.cache.put(`${origin}bundles/${name}`, new Response(text));
  }

  async removeText(name: string): Promise<void> {
    await this.cache.delete(`${origin}bundles/${name}`);
  }

  async texts(): Promise<string[]> {
    const prefix = `${origin}bundles/`;
    const urls = (await this.cache.keys()).map((request) => request.url);
    return urls.filter((url) => url.startsWith(prefix)).map((url) => url.slice(prefix.length));
  }
}
