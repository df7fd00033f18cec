// What the scripts for other engines share: packages from the working folder
// (SINTER_PEERS, not the repository), the prompt, the report.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const modules = path.join(process.cwd(), "node_modules");

/** Imports a package from node_modules of the working folder. */
export async function importPeer(name) {
  const manifest = path.join(modules, name, "package.json");
  const { exports, module, main } = JSON.parse(fs.readFileSync(manifest));
  const pick = (entry) =>
    typeof entry === "string" ? entry : pick(entry.node ?? entry.import ?? entry.default);
  const target = exports?.["."] ?? exports ?? module ?? main;
  const file = target
    ? path.join(modules, name, pick(target))
    : createRequire(manifest).resolve(name);
  const loaded = await import(pathToFileURL(file));
  return { ...(typeof loaded.default === "object" ? loaded.default : {}), ...loaded };
}

export const versionOf = (name) =>
  JSON.parse(fs.readFileSync(path.join(modules, name, "package.json"))).version;

/** The ids every engine gets. */
export const promptOf = (length) =>
  Array.from({ length }, (_, i) => (i ? 100 + ((i * 37) % 30000) : 1));

/** Highest resident memory of this process so far, MiB. */
export const peakMemory = () =>
  Number(fs.readFileSync("/proc/self/status", "utf8").match(/^VmHWM:\s+(\d+)/m)?.[1] ?? 0) / 1024;

/** Processor milliseconds of all threads of this process. */
export const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};

/** One JSON line; the process ends. */
export function report(row) {
  fs.writeSync(1, JSON.stringify({ ...row, peak_mib: peakMemory() }) + "\n");
  process.exit(0);
}
