// host.ts: what the library asks of the place it runs in: a window, a worker of
// any kind, or Node. Node's modules come from process.getBuiltinModule (Node
// 20.16), so that bundlers see no import that they would have to resolve.
import { SinterError, aborted } from "./errors.js";

interface NodeProcess {
  versions?: { node?: string };
  getBuiltinModule?(name: string): unknown;
  cwd(): string;
}

export interface NodeFile {
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
  close(): Promise<void>;
}

export interface NodeFiles {
  open(path: URL, flags: string): Promise<NodeFile>;
}

function nodeProcess(): NodeProcess | undefined {
  const found = (globalThis as { process?: NodeProcess }).process;
  return found?.versions?.node !== undefined ? found : undefined;
}

/** A module of Node ("node:url"), or undefined elsewhere. */
export function nodeModule<T>(name: string): T | undefined {
  return nodeProcess()?.getBuiltinModule?.(name) as T | undefined;
}

export const isNode = (): boolean => nodeProcess() !== undefined;

/** node:fs/promises; an error says why there is none. */
export function nodeFiles(): NodeFiles {
  const files = nodeModule<NodeFiles>("node:fs/promises");
  if (files === undefined)
    throw new SinterError(
      "UNSUPPORTED",
      "a file: address can only be loaded by Node 20.16 or newer; serve the folder over HTTP",
    );
  return files;
}

/** The address of a bundle's folder, absolute and ending with "/". Relative
 * ones: to the page, to the worker's script, in Node to the current folder. */
export function resolveBase(base: string | URL): URL {
  const text = String(base);
  const scope = globalThis as {
    document?: { baseURI?: string };
    location?: { href?: string };
  };
  let from = scope.document?.baseURI ?? scope.location?.href;
  const process = nodeProcess();
  if (from === undefined && process !== undefined) {
    const urls = nodeModule<{ pathToFileURL(path: string): URL }>("node:url");
    from = urls ? `${urls.pathToFileURL(process.cwd()).href}/` : undefined;
    // A path with characters that mean something in an address ("a#b/").
    if (urls && !/^[a-z][a-z0-9+.-]+:/i.test(text))
      return withSlash(urls.pathToFileURL(text));
  }
  try {
    return withSlash(new URL(text, from));
  } catch {
    throw new SinterError(
      "INVALID_ARGUMENT",
      `"${text}" is not an address of a bundle's folder`,
    );
  }
}

function withSlash(url: URL): URL {
  const folder = new URL(url.href);
  folder.hash = "";
  if (!folder.pathname.endsWith("/"))
    folder.pathname = /\/(index\.html|manifest\.json)$/.test(folder.pathname)
      ? folder.pathname.replace(/[^/]*$/, "")
      : `${folder.pathname}/`;
  return folder;
}

/** Whether url is of another origin than this page or worker. */
export function crossesOrigin(url: URL): boolean {
  const { location } = globalThis as { location?: { readonly origin: string } };
  return location !== undefined && location.origin !== url.origin;
}

/** A worker that runs a module of the library ("worker.js") beside the one at
 * `beside`. A page may only start scripts of its own origin: where the library came
 * from another one, a script made here imports the module. start makes the worker
 * otherwise; the caller spells it out because that is what bundlers look for. */
export function startWorker(module: string, beside: string, start: () => Worker): Worker {
  const address = new URL(module, beside);
  if (!crossesOrigin(address)) return start();
  const script = new Blob([`import ${JSON.stringify(address.href)};`], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(script), { type: "module", name: "sinter" });
}

/** False only where the browser is sure that there is no network. */
export function isOnline(): boolean {
  const navigator = (globalThis as { navigator?: { onLine?: boolean } }).navigator;
  return navigator?.onLine !== false;
}

/** Waits; rejects at once when the signal is aborted. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal.reason));
    const stop = () => {
      clearTimeout(timer);
      reject(aborted(signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Lets waiting messages (an abort, say) in; a few microseconds, unlike
 * setTimeout, which browsers stretch to 4 ms. */
export const yieldToHost: () => Promise<void> = (() => {
  const immediate = (globalThis as { setImmediate?: (run: () => void) => void })
    .setImmediate;
  if (immediate !== undefined)
    return () => new Promise<void>((resolve) => immediate(resolve));
  let channel: MessageChannel | undefined;
  const waiting: (() => void)[] = [];
  return () =>
    new Promise<void>((resolve) => {
      if (channel === undefined) {
        channel = new MessageChannel();
        channel.port1.onmessage = () => waiting.shift()?.();
      }
      waiting.push(resolve);
      channel.port2.postMessage(0);
    });
})();

/** Milliseconds of a clock that never goes back. */
export const now = (): number => performance.now();
