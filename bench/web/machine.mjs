// What the browser benchmarks share: memory of the browser's processes, other work on the machine,
// the prompt.
import fs from 'node:fs';

const ticksPerSecond = 100;

/** The processes that this one started, and theirs. */
export function descendants(of = process.pid) {
  const children = new Map();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = fs.readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1];
      children.set(parent, [...(children.get(parent) ?? []), name]);
    } catch {
      // It has ended.
    }
  }
  const all = [];
  const visit = (id) => (children.get(String(id)) ?? []).forEach((child) => (all.push(child), visit(child)));
  visit(of);
  return all;
}

/** Memory in MiB: {pss: of all browser processes, of: {kind: highest resident size}}. */
export function browserMemory() {
  let pss = 0;
  const of = {};
  for (const id of descendants()) {
    try {
      pss += Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
      const kind = /--type=([\w-]+)/.exec(fs.readFileSync(`/proc/${id}/cmdline`, 'utf8'))?.[1] ?? 'browser';
      const high = Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      of[kind] = Math.max(of[kind] ?? 0, Math.round(high));
    } catch {
      // It has ended, or is another user's.
    }
  }
  return { pss: Math.round(pss), of };
}

const machineSeconds = () => {
  const [user, nice, system, , , irq, softirq] = fs.readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
};
function ownSeconds() {
  let sum = 0;
  for (const id of [process.pid, ...descendants()]) {
    try {
      const fields = fs.readFileSync(`/proc/${id}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      sum += fields.slice(11, 15).reduce((total, value) => total + Number(value), 0) / ticksPerSecond;
    } catch {
      // It has ended.
    }
  }
  return sum;
}

/** Begins to watch; the function tells how many cores other processes used since, on average. */
export function foreignLoad() {
  const begun = performance.now();
  const machine = machineSeconds();
  const own = ownSeconds();
  return () => {
    const used = machineSeconds() - machine - (ownSeconds() - own);
    return Number(Math.max(0, used / ((performance.now() - begun) / 1000)).toFixed(2));
  };
}

/** The ids that every engine gets. */
export const promptIds = (length) => Array.from({ length }, (_, i) => (i ? 100 + ((i * 37) % 30000) : 1));
