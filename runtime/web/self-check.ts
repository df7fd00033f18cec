// self-check.ts: a device proves itself on the bundle's golden logits
// (golden.json, docs/web.md) after loading, through prefill and decode. One that
// disagrees by more than other arithmetic explains computes garbage. One that
// agreed is believed for a week, with the same bundle in the same browser.
import type { Device } from "./device.js";
import { SinterError } from "./errors.js";
import type { BundleLoader } from "./loader.js";

export const goldenPath = "golden.json";
// Of the deviation of all logits; docs/web.md.
const tolerance = 0.25;
const believedMs = 7 * 24 * 3600 * 1000;

/** When a device is checked; "weekly": unless it is believed. */
export type SelfCheck = "always" | "weekly" | "never";

export interface Golden {
  readonly tokens: readonly number[];
  readonly ids: readonly number[];
  readonly logits: readonly number[];
  readonly deviation: number;
}

export const hasGolden = (loader: BundleLoader): boolean => loader.manifest.files.has(goldenPath);

/** The bundle's golden logits; undefined where it has none. */
export async function readGolden(loader: BundleLoader): Promise<Golden | undefined> {
  if (!hasGolden(loader)) return undefined;
  const golden = JSON.parse(new TextDecoder().decode(await loader.file(goldenPath))) as Golden;
  const { vocabSize } = loader.manifest.model;
  const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < vocabSize;
  if (
    !golden.tokens?.every(isId) ||
    golden.tokens.length === 0 ||
    !golden.ids?.every(isId) ||
    golden.logits?.length !== golden.ids.length ||
    !(golden.deviation > 0)
  )
    throw new SinterError("CORRUPT", `${goldenPath} is not as it should be; compile the bundle again`, {
      file: goldenPath,
    });
  return golden;
}

/** Checks the device unless it is believed; true: it was checked. */
export async function prove(
  loader: BundleLoader,
  device: Device,
  golden: Golden,
  when: SelfCheck,
): Promise<boolean> {
  const { userAgent = "" } = (globalThis as { navigator?: { userAgent?: string } }).navigator ?? {};
  const what = `${device.name} ${device.variant}, ${device.reason}, ${userAgent}`;
  const at = loader.checkedAt(what);
  if (when !== "always" && at !== undefined && Math.abs(Date.now() - at) < believedMs) return false;
  await selfCheck(device, golden);
  await loader.noteChecked(what);
  return true;
}

/** SELF_CHECK_FAILED when the device computes something else. Leaves the device
 * empty. */
async function selfCheck(device: Device, golden: Golden): Promise<void> {
  const { context, chunk } = device.limits;
  if (golden.tokens.length > Math.min(context, chunk)) return;
  const tokens = Int32Array.from(golden.tokens);
  const last = tokens.length - 1;
  if (last > 0) await device.prefill(tokens.subarray(0, last));
  await device.decode(tokens[last]!);
  compare(device, golden, await device.logits());
  device.truncate(0);
}

function compare(device: Device, golden: Golden, logits: Float32Array): void {
  const allowed = tolerance * golden.deviation;
  let worst = 0;
  golden.ids.forEach((id, index) => {
    const difference = Math.abs(logits[id]! - golden.logits[index]!);
    worst = difference <= worst ? worst : difference; // NaN is worse than all
  });
  if (worst <= allowed && logits.every((value) => Number.isFinite(value))) return;
  throw new SinterError(
    "SELF_CHECK_FAILED",
    `${device.name} (${device.variant}) computes wrong logits here: they differ by ` +
      `${worst.toPrecision(3)}, ${allowed.toPrecision(3)} is allowed; update the ` +
      (device.name === "webgpu" ? "graphics driver or use the wasm device" : "browser"),
    { difference: worst, allowed, variant: device.variant },
  );
}
