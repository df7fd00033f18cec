// format.ts: numbers for people.

/** "1.77 million", "8.5 billion". */
export function formatCount(count: number): string {
  for (const [unit, name] of [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]] as const)
    if (count >= unit) return `${(count / unit).toPrecision(3)} ${name}`;
  return count.toLocaleString("en");
}

/** Bytes with one decimal: "24.0 MB" (decimal units, as download sizes are told). */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** "5 s", "3 min", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatRate(tokensPerSecond: number): string {
  if (!Number.isFinite(tokensPerSecond)) return "-";
  return tokensPerSecond >= 100 ? tokensPerSecond.toFixed(0) : tokensPerSecond.toFixed(1);
}

/** "12 ms", "1.3 s". */
export function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
