// gpu-adapter.ts: finds the WebGPU adapter, says what it can and cannot do, and
// chooses among the bundle's kernel variants, before a byte of weights is
// fetched. Errors carry the numbers: what is needed and what there is.
import { SinterError } from "./errors.js";
import { boundWeights } from "./gpu-buffers.js";
import type { Manifest, VariantInfo } from "./manifest.js";
import type { Plan } from "./plan.js";

export interface AdapterInfo {
  readonly adapter: GPUAdapter;
  readonly description: string;
  /** True when it computes on the processor. */
  readonly software: boolean;
  /** Features of the language WGSL here, named as in manifests: with hyphens. */
  readonly language: ReadonlySet<string>;
  /** Whether four bytes are multiplied in one instruction. WebGPU does not say;
   * Metal's language has none, so that browsers spell it out there. */
  readonly fastIntegerDot: boolean;
}

function hostGpu(): GPU | undefined {
  return (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
}

/** NO_WEBGPU with the reason when there is none. */
export async function findAdapter(gpu: GPU | undefined = hostGpu()): Promise<AdapterInfo> {
  if (gpu === undefined) {
    const secure = (globalThis as { isSecureContext?: boolean }).isSecureContext;
    throw new SinterError(
      "NO_WEBGPU",
      secure === false
        ? "WebGPU needs a secure context; serve the page over HTTPS or from localhost"
        : "this browser has no WebGPU; use a current Chrome, Edge, Safari or Firefox, or the wasm device",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new SinterError(
      "NO_WEBGPU",
      "the browser has WebGPU but no adapter for it; is hardware acceleration turned off, " +
        "or the graphics driver blocked (chrome://gpu)?",
    );
  const info = (adapter as { info?: Partial<GPUAdapterInfo> }).info ?? {};
  const words = [info.vendor, info.architecture, info.device, info.description];
  const description = [...new Set(words.filter((word) => word))].join(" ") || "unnamed adapter";
  const fallback =
    (info as { isFallbackAdapter?: boolean }).isFallbackAdapter ??
    (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter ??
    false;
  const software = fallback || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(description);
  const language = new Set([...(gpu.wgslLanguageFeatures ?? [])].map((name) => name.replaceAll("_", "-")));
  const fastIntegerDot = !software && !/apple|metal/i.test(description);
  return { adapter, description, software, language, fastIntegerDot };
}

/** The variants that this adapter can run, best first, and why. */
export function usableVariants(
  manifest: Manifest,
  info: AdapterInfo,
  wanted: string | undefined,
): VariantInfo[] {
  const { adapter, language } = info;
  const target = manifest.targets.get("webgpu");
  if (target === undefined)
    throw new SinterError(
      "UNSUPPORTED",
      "the bundle has no kernels for WebGPU; compile it with --target web or webgpu",
    );
  const lacking = (variant: VariantInfo) =>
    variant.features.filter((feature) => !adapter.features.has(feature) && !language.has(feature));
  const usable = target.variants.filter(
    (v) => lacking(v).length === 0 && (wanted === undefined || v.name === wanted),
  );
  if (usable.length === 0) {
    const missing = target.variants.map((v) => `${v.name} needs ${lacking(v).join(", ")}`);
    throw new SinterError(
      "UNSUPPORTED",
      wanted !== undefined && !target.variants.some((v) => v.name === wanted)
        ? `the bundle has no variant ${wanted} for WebGPU`
        : `the adapter lacks what the bundle's variants need: ${missing.join("; ")}`,
    );
  }
  return [...usable].sort((a, b) => rank(a, info) - rank(b, info));
}

/** Variants that are not for this adapter come after those that are: they are
 * what remains when a driver fails with the others. */
function rank(variant: VariantInfo, { software, fastIntegerDot }: AdapterInfo): number {
  if (variant.when === "software") return software ? 0 : 1;
  if (variant.when === "fast_integer_dot") return fastIntegerDot ? 0 : 2;
  return software ? 1 : 0;
}

/** What a device must have for any of these variants. */
export function deviceFeatures(variants: readonly VariantInfo[], { language }: AdapterInfo): string[] {
  const all = new Set(variants.flatMap((variant) => variant.features));
  return [...all].filter((feature) => !language.has(feature));
}

export interface LimitNeeds {
  readonly plan: Plan;
  readonly storageBuffers: number;
  readonly workgroupBytes: number;
  readonly workgroupSize: number;
}

type LimitName =
  | "maxStorageBufferBindingSize"
  | "maxBufferSize"
  | "maxStorageBuffersPerShaderStage"
  | "maxComputeWorkgroupStorageSize"
  | "maxComputeInvocationsPerWorkgroup"
  | "maxComputeWorkgroupSizeX";

/** The limits to ask the adapter for; LIMIT_EXCEEDED names the first that is
 * too small. */
export function requiredLimits(adapter: GPUAdapter, needs: LimitNeeds): Record<string, number> {
  const { plan } = needs;
  const largestState = Math.max(0, ...plan.states.map((state) => state.range.bytes));
  const largestWeight = Math.max(0, ...boundWeights(plan).map(([begin, end]) => end - begin));
  const largest = Math.max(largestWeight, largestState, plan.arenaBytes);
  const needed: Record<LimitName, number> = {
    maxStorageBufferBindingSize: plan.largestBinding,
    maxBufferSize: largest,
    maxStorageBuffersPerShaderStage: needs.storageBuffers,
    maxComputeWorkgroupStorageSize: needs.workgroupBytes,
    maxComputeInvocationsPerWorkgroup: needs.workgroupSize,
    maxComputeWorkgroupSizeX: needs.workgroupSize,
  };
  const asked: Record<string, number> = {};
  for (const [name, value] of Object.entries(needed) as [LimitName, number][]) {
    const available = adapter.limits[name];
    if (value > available)
      throw new SinterError(
        "LIMIT_EXCEEDED",
        `the adapter's ${name} is ${available}, the model needs ${value}; ` +
          "compile it with fewer bits or a smaller --context, or use the wasm device",
        { limit: name, needed: value, available },
      );
    asked[name] = value;
  }
  // Large buffers where there are: fewer of them.
  asked["maxBufferSize"] = adapter.limits.maxBufferSize;
  return asked;
}

/** Opens the device; errors are typed. */
export async function openGpuDevice(
  { adapter, description }: AdapterInfo,
  features: readonly string[],
  limits: Record<string, number>,
): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits: limits,
    });
  } catch (error) {
    throw new SinterError(
      "NO_WEBGPU",
      `the adapter (${description}) gives no device: ${(error as Error).message}`,
      {},
      error,
    );
  }
}
