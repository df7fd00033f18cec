// lock.ts: one holder at a time of a name, across the tabs and workers of an
// origin where the browser has Web Locks, else within this script.
import { aborted, throwIfAborted } from "./errors.js";

interface Locks {
  request<T>(
    name: string,
    options: { signal?: AbortSignal },
    run: () => Promise<T>,
  ): Promise<T>;
}

const queues = new Map<string, Promise<unknown>>();

async function withQueue<T>(
  name: string,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const before = queues.get(name) ?? Promise.resolve();
  const mine = before.then(() => {
    throwIfAborted(signal);
    return run();
  });
  const done = mine.catch(() => undefined);
  queues.set(name, done);
  void done.then(() => {
    if (queues.get(name) === done) queues.delete(name);
  });
  return mine;
}

/** Runs when nobody else holds the name. ABORTED while waiting. */
export async function withLock<T>(
  name: string,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  if (locks === undefined) return withQueue(name, signal, run);
  let began = false;
  try {
    return await locks.request(name, signal === undefined ? {} : { signal }, () => {
      began = true;
      return run();
    });
  } catch (error) {
    if (!began && signal?.aborted) throw aborted(signal.reason);
    if (!began && (error as Error).name === "SecurityError") return run();
    throw error;
  }
}
