// storage-panel.ts: which models this site keeps on the device: list, sizes,
// deletion, and the browser's promise to keep them.
import type { CachedBundle } from "../cache.js";
import { byId, make, makeButton } from "./dom.js";
import { formatSize } from "./format.js";

export interface CacheApi {
  listCached(): Promise<CachedBundle[]>;
  deleteCached(base?: string | URL): Promise<number>;
}

export class StoragePanel {
  private readonly dialog = byId("cache", HTMLDialogElement);
  private readonly list = byId("cache-list", HTMLUListElement);
  private readonly status = byId("cache-status", HTMLElement);
  private readonly persist = byId("cache-persist", HTMLButtonElement);

  /** onChange: something was deleted. */
  constructor(private readonly api: CacheApi, private readonly onChange: () => void) {
    byId("cache-close", HTMLButtonElement).addEventListener("click", () => this.dialog.close());
    this.persist.addEventListener("click", () => void this.askToPersist());
  }

  async open(): Promise<void> {
    this.status.textContent = "";
    this.dialog.showModal();
    await this.fill();
  }

  private async fill(): Promise<void> {
    const bundles = await this.api.listCached().catch(() => []);
    this.list.replaceChildren(...bundles.map((bundle) => this.row(bundle)));
    if (bundles.length === 0) this.list.append(make("li", "", "Nothing is kept."));
    const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
    byId("cache-usage", HTMLElement).textContent =
      usage === undefined || quota === undefined
        ? ""
        : `This site uses ${formatSize(usage)}; the browser allows ${formatSize(quota)}.`;
    const kept = await navigator.storage?.persisted?.().catch(() => false);
    this.persist.disabled = kept === true || navigator.storage?.persist === undefined;
    if (kept === true) this.persist.textContent = "The browser keeps them";
  }

  private row(bundle: CachedBundle): HTMLLIElement {
    const { name, base, bytes, cachedBytes, complete } = bundle;
    const size = complete ? formatSize(bytes) : `${formatSize(cachedBytes)} of ${formatSize(bytes)}, not complete`;
    const text = make("div", "", make("strong", "", name || "of another version"), ` \u2013 ${size}`, make("div", "where", base));
    const remove = makeButton("Delete", "", () => void this.remove(bundle));
    remove.setAttribute("aria-label", `Delete ${name || base}`);
    return make("li", "", text, remove);
  }

  private async remove(bundle: CachedBundle): Promise<void> {
    try {
      const freed = await this.api.deleteCached(bundle.base);
      this.status.textContent = `Deleted; ${formatSize(freed)} are free again.`;
    } catch (error) {
      this.status.textContent = (error as Error).message;
    }
    await this.fill();
    byId("cache-close", HTMLButtonElement).focus();
    this.onChange();
  }

  private async askToPersist(): Promise<void> {
    const granted = await navigator.storage.persist().catch(() => false);
    this.status.textContent = granted
      ? "The browser keeps the models until you delete them."
      : "The browser decides itself; it may delete models when space runs short.";
    await this.fill();
  }
}
