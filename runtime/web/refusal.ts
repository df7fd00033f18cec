// refusal.ts: why a browser refused a request. A fetch that a page's policy or
// another origin's server forbids looks like a broken connection, on purpose.
// But a policy tells the script that it was violated (CSP 3, 5.5), and a server
// that answers a request whose reply nobody may read ("no-cors") is there.
import { SinterError } from "./errors.js";
import { crossesOrigin, delay } from "./host.js";

interface Scope {
  addEventListener?(type: string, listener: (event: Event) => void): void;
}
interface Violation {
  readonly effectiveDirective?: string;
  readonly blockedURI?: string;
}

const blocked = new Set<string>();
let watching = false;
// The event and the failure of its fetch come in no certain order.
const policyWait = 100;

/** Notes from now on what the policy blocks; to be called before a fetch. */
export function watchPolicy(): void {
  const scope = globalThis as Scope;
  if (watching || scope.addEventListener === undefined) return;
  watching = true;
  // In a page it is fired at the document and bubbles.
  scope.addEventListener("securitypolicyviolation", (event) => {
    const { effectiveDirective, blockedURI } = event as Violation;
    if (effectiveDirective === "connect-src" && blockedURI !== undefined) blocked.add(blockedURI);
  });
}

async function isBlockedByPolicy(url: URL): Promise<boolean> {
  if (!watching) return false;
  const end = Date.now() + policyWait;
  // Where the address crosses origins a browser may tell its origin only.
  const told = () => blocked.delete(url.href) || blocked.delete(url.origin);
  while (!told()) {
    if (Date.now() > end) return false;
    await delay(5, undefined);
  }
  return true;
}

/** True when the server answers; the answer is thrown away. */
async function answers(url: URL, mode: RequestMode): Promise<boolean> {
  const abort = new AbortController();
  try {
    await fetch(url.href, { mode, cache: "no-store", credentials: "omit", signal: abort.signal });
    return true;
  } catch {
    return false;
  } finally {
    abort.abort();
  }
}

/** After a fetch failed: the error that says who forbade it, or undefined where
 * nobody did. details.cause is "csp" or "cors". */
export async function whyRefused(url: URL, file: string): Promise<SinterError | undefined> {
  if (await isBlockedByPolicy(url))
    return new SinterError(
      "NETWORK",
      `the page's content security policy forbids to fetch ${url.href}; ` +
        `add ${crossesOrigin(url) ? url.origin : "'self'"} to its connect-src ` +
        "(a worker's policy is in the headers of worker.js)",
      { file, cause: "csp" },
    );
  if (!crossesOrigin(url)) return undefined;
  // The second request tells a server that was away for a moment from one that refuses.
  if (!(await answers(url, "no-cors")) || (await answers(url, "cors"))) return undefined;
  return new SinterError(
    "NETWORK",
    `${url.origin} is there, but does not allow this page to read ${url.href}; its server must send ` +
      "Access-Control-Allow-Origin with this page's origin (CORS); or put the bundle on the page's own server",
    { file, cause: "cors" },
  );
}
