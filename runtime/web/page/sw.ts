// sw.ts: the service worker: the page and the library for visits without a
// network. Code is taken from the network when there is one and from the cache
// otherwise; weights, kernels and tokenizer are the library's own cache and are
// not touched. Replies get the two headers that let the page use threads, which
// many static hosts cannot send.
const worker = self as unknown as ServiceWorkerGlobalScope;

const cacheName = "sinter-page";
const scope = new URL("./", worker.location.href);

/** The path inside the bundle of what belongs to the page; undefined: not ours. */
function shellPath(url: URL): string | undefined {
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return undefined;
  const path = url.pathname.slice(scope.pathname.length);
  if (path === "" || path === "index.html") return "index.html";
  // Only the page's own question for the manifest; the library's must fail offline.
  if (path === "manifest.json") return url.search === "?card" ? path : undefined;
  return /^([\w-]+\/)?[\w.-]+\.(js|css)$/.test(path) ? path : undefined;
}

async function fill(): Promise<void> {
  const cache = await caches.open(cacheName);
  const response = await fetch(new URL("manifest.json", scope), { cache: "no-cache" });
  const copy = response.clone();
  const manifest = (await response.json()) as { files?: { path?: unknown }[] };
  await cache.put(new URL("manifest.json", scope), copy);
  const paths = (manifest.files ?? [])
    .map((file) => String(file.path))
    .filter((path) => shellPath(new URL(path, scope)) !== undefined);
  await Promise.all(
    [...new Set([...paths, "index.html"])].map((path) => refresh(cache, path).catch(() => undefined)),
  );
}

async function refresh(cache: Cache, path: string): Promise<Response> {
  const address = new URL(path, scope);
  const response = await fetch(address, { cache: "no-cache" });
  if (response.ok && !response.redirected) await cache.put(address, response.clone());
  return response;
}

/** The reply with the headers of a cross-origin isolated page. */
function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function answer(path: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  try {
    return isolated(await refresh(cache, path));
  } catch (error) {
    const kept = await cache.match(new URL(path, scope));
    if (kept === undefined) throw error;
    return isolated(kept);
  }
}

worker.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});
worker.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const path = shellPath(new URL(event.request.url));
  if (path !== undefined) event.respondWith(answer(path));
});
