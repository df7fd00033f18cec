// worker.ts: the script of the dedicated worker that load() starts.
import type { Port } from "./rpc.js";
import { serveEngine } from "./serve-engine.js";

serveEngine(globalThis as unknown as Port);
