// manifest-fetch.ts: gets manifest.json, always from the network when there is
// one, so that a new version of a bundle is seen. Without a network the copy in
// the cache serves; without that the error comes within a second.
import { SinterError, aborted, throwIfAborted } from "./errors.js";
import { delay, isOnline, nodeFiles } from "./host.js";
import { watchPolicy, whyRefused } from "./refusal.js";

const waits = [100, 300];
const maxBytes = 4 << 20;

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: typeof fetch | undefined;
}

async function readNode(url: URL): Promise<string> {
  try {
    const handle = await nodeFiles().open(url, "r");
    try {
      const { size } = await handle.stat();
      const bytes = new Uint8Array(Math.min(size, maxBytes + 1));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return new TextDecoder().decode(bytes.subarray(0, at));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SinterError) throw error;
    throw new SinterError(
      "NOT_FOUND",
      `there is no bundle: cannot open ${url.href} (${(error as Error).message})`,
      { file: "manifest.json" },
      error,
    );
  }
}

async function readResponse(response: Response, url: URL): Promise<string> {
  if (!response.ok)
    throw new SinterError(
      "NOT_FOUND",
      `there is no bundle: the server answers ${response.status} for ${url.href}`,
      { file: "manifest.json", status: response.status },
    );
  const text = await response.text();
  if (/^\s*</.test(text))
    throw new SinterError(
      "BAD_RESPONSE",
      `the server sends a web page instead of ${url.href}; is the bundle there?`,
      { file: "manifest.json" },
    );
  return text;
}

/** The manifest's text; offline: it is the cached one. cached: what the cache
 * has, if anything. */
export async function fetchManifestText(
  base: URL,
  cached: string | undefined,
  options: Options,
): Promise<{ text: string; offline: boolean }> {
  const url = new URL("manifest.json", base);
  if (url.protocol === "file:" && options.fetch === undefined)
    return { text: await readNode(url), offline: false };
  const get = options.fetch ?? globalThis.fetch.bind(globalThis);
  watchPolicy();
  for (let attempt = 0; ; ++attempt) {
    throwIfAborted(options.signal);
    try {
      const response = await get(url.href, {
        cache: "no-cache",
        ...(options.signal ? { signal: options.signal } : {}),
      });
      if (response.status < 500 || (cached === undefined && attempt === waits.length))
        return { text: await readResponse(response, url), offline: false };
      if (cached !== undefined) return { text: cached, offline: true };
    } catch (error) {
      if (error instanceof SinterError) throw error;
      if (options.signal?.aborted) throw aborted(options.signal.reason);
      if (cached !== undefined) return { text: cached, offline: true };
      const refused = isOnline() ? await whyRefused(url, "manifest.json") : undefined;
      if (refused !== undefined) throw refused;
      if (!isOnline() || attempt === waits.length) throw unreachable(url, error);
    }
    await delay(waits[attempt]!, options.signal);
  }
}

function unreachable(url: URL, error: unknown): SinterError {
  const { message } = error as Error;
  if (!isOnline())
    return new SinterError(
      "OFFLINE",
      `the device is offline and no bundle of ${url.href} is in the cache; connect once and load it`,
      { file: "manifest.json" },
      error,
    );
  return new SinterError(
    "NETWORK",
    `${url.href} cannot be fetched (${message}); check the address, the connection, ` +
      "and whether another origin's server allows it (CORS)",
    { file: "manifest.json" },
    error,
  );
}
