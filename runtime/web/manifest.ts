// manifest.ts: reads manifest.json (docs/formats/bundle.md) as far as the
// library needs it: its own hash, types, ranges, safe paths. An unknown field is
// ignored. The C++ runtime reads the same text once more, with the rules of its
// own.
import { SinterError } from "./errors.js";
import { piecesPath } from "./pieces.js";
import { sha256InScript, toHex } from "./sha256.js";

export const bundleMajor = 1;
/** From this minor version on a manifest ends with its own hash. */
const minorSealed = 1;
export const abiVersion = 1;
export const shardBytes = 24 * 1024 * 1024;
const maxManifestBytes = 4 << 20;
const maxFileBytes = 1 << 30;
const maxBytes = 2 ** 50;

/** A file of a bundle. */
export interface BundleFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A set of kernels for one kind of device. */
export interface VariantInfo {
  readonly name: string;
  /** Features of the device that it needs ("shader-f16"). */
  readonly features: readonly string[];
  /** "software": for adapters that run on the processor. */
  readonly when: string;
}

export interface TargetInfo {
  readonly plan: string;
  readonly variants: readonly VariantInfo[];
  /** Bytes of one conversation: activations, KV cache. */
  readonly arenaBytes: number;
  readonly stateBytes: number;
}

/** Defaults of the model's own; an absent one is the neutral value. */
export interface SamplingDefaults {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
}

export interface Manifest {
  readonly text: string;
  readonly name: string;
  readonly generator: string;
  readonly version: readonly [number, number];
  readonly model: {
    readonly architecture: string;
    readonly quantization: string;
    readonly parameters: number;
    readonly context: number;
    readonly vocabSize: number;
    readonly bitsPerWeight: number;
  };
  readonly bytes: {
    readonly download: number;
    readonly weights: number;
    readonly arena: number;
    readonly state: number;
  };
  readonly sampling: SamplingDefaults;
  readonly hasChatTemplate: boolean;
  readonly targets: ReadonlyMap<string, TargetInfo>;
  readonly files: ReadonlyMap<string, BundleFile>;
  /** The weights' shards, in order. */
  readonly shards: readonly BundleFile[];
}

type Json = Record<string, unknown>;

/** Reads one object; errors name the field by its path. */
class Fields {
  constructor(
    private readonly object: Json,
    private readonly path: string,
  ) {}

  fail(field: string, what: string): never {
    const where = this.path ? `${this.path}.${field}` : field;
    throw new SinterError(
      "BAD_MANIFEST",
      `manifest.json: ${where} ${what}; compile the bundle again`,
      { field: where },
    );
  }
  has(field: string): boolean {
    return this.object[field] !== undefined && this.object[field] !== null;
  }
  text(field: string, absent?: string): string {
    const value = this.object[field];
    if (value === undefined && absent !== undefined) return absent;
    if (typeof value !== "string") this.fail(field, "is not a string");
    return value;
  }
  number(field: string, low: number, high: number, absent?: number): number {
    const value = this.object[field];
    if (value === undefined && absent !== undefined) return absent;
    if (typeof value !== "number" || !(value >= low && value <= high))
      this.fail(field, `is not a number from ${low} to ${high}`);
    return value;
  }
  count(field: string, high: number, absent?: number): number {
    const value = this.number(field, 0, high, absent);
    if (!Number.isInteger(value)) this.fail(field, "is not a whole number");
    return value;
  }
  list(field: string, absent?: unknown[]): unknown[] {
    const value = this.object[field] ?? absent;
    if (!Array.isArray(value)) this.fail(field, "is not a list");
    return value;
  }
  strings(field: string): string[] {
    const list = this.list(field, []);
    if (!list.every((item) => typeof item === "string"))
      this.fail(field, "is not a list of strings");
    return list as string[];
  }
  fields(field: string): Fields {
    const path = this.path ? `${this.path}.${field}` : field;
    return new Fields(asObject(this.object[field], path), path);
  }
  names(): string[] {
    return Object.keys(this.object);
  }
}

function asObject(value: unknown, path: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SinterError(
      "BAD_MANIFEST",
      `manifest.json: ${path || "the text"} is not an object; compile the bundle again`,
      { field: path },
    );
  return value as Json;
}

/** Relative, "/" between names, no "." or "..", nothing that means something
 * in an address or on some file system. */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || path.length > 255) return false;
  if (/[\\:\u0000-\u001f\u007f]/.test(path)) return false;
  return path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}

function readFiles(root: Fields): Map<string, BundleFile> {
  const files = new Map<string, BundleFile>();
  root.list("files").forEach((item, index) => {
    const where = `files[${index}]`;
    const fields = new Fields(asObject(item, where), where);
    const path = fields.text("path");
    if (!isSafePath(path)) fields.fail("path", "is not a safe relative path");
    if (files.has(path)) fields.fail("path", `names ${path} twice`);
    const sha256 = fields.text("sha256");
    if (!/^[0-9a-f]{64}$/.test(sha256))
      fields.fail("sha256", "is not 64 hexadecimal digits");
    files.set(path, { path, size: fields.count("size", maxFileBytes), sha256 });
  });
  return files;
}

function readShards(root: Fields, files: Map<string, BundleFile>): BundleFile[] {
  const shards: BundleFile[] = [];
  const total = root.fields("bytes").count("weights", maxBytes);
  for (let offset = 0; offset < total; offset += shardBytes) {
    const path = `weights/${String(shards.length).padStart(5, "0")}.bin`;
    const file = files.get(path);
    if (file === undefined) root.fail("files", `lacks ${path}`);
    const size = Math.min(shardBytes, total - offset);
    if (file.size !== size)
      root.fail("files", `says that ${path} has ${file.size} bytes instead of ${size}`);
    shards.push(file);
  }
  return shards;
}

function readTargets(root: Fields): Map<string, TargetInfo> {
  const targets = new Map<string, TargetInfo>();
  const all = root.fields("targets");
  for (const name of all.names()) {
    const target = all.fields(name);
    const variants = target.list("variants", []).map((item, index) => {
      if (typeof item === "string") return { name: item, features: [], when: "" };
      const where = `targets.${name}.variants[${index}]`;
      const fields = new Fields(asObject(item, where), where);
      const variant = fields.text("name");
      if (!/^[\w.-]+$/.test(variant)) fields.fail("name", "is not a plain name");
      return {
        name: variant,
        // "relaxed_simd" in the compiler, "relaxed-simd" on the web.
        features: fields.strings("features").map((f) => f.replaceAll("_", "-")),
        when: fields.text("when", ""),
      };
    });
    const plan = target.text("plan", "plan.fb");
    if (!isSafePath(plan)) target.fail("plan", "is not a safe relative path");
    targets.set(name, {
      plan,
      variants,
      arenaBytes: target.count("arena", maxBytes, root.fields("bytes").count("arena", maxBytes, 0)),
      stateBytes: target.count("state", maxBytes, root.fields("bytes").count("state", maxBytes, 0)),
    });
  }
  return targets;
}

function readSampling(root: Fields): SamplingDefaults {
  if (!root.has("sampling")) return {};
  const fields = root.fields("sampling");
  const big = 1e9;
  const out: { -readonly [K in keyof SamplingDefaults]: SamplingDefaults[K] } = {};
  if (fields.has("temperature")) out.temperature = fields.number("temperature", 0, 100);
  if (fields.has("top_k")) out.topK = fields.count("top_k", big);
  if (fields.has("top_p")) out.topP = fields.number("top_p", 0, 1);
  if (fields.has("min_p")) out.minP = fields.number("min_p", 0, 1);
  if (fields.has("repeat_penalty"))
    out.repeatPenalty = fields.number("repeat_penalty", 0, 100);
  return out;
}

function checkVersion(root: Fields): [number, number] {
  if (root.text("format") !== "sinter-bundle")
    root.fail("format", 'is not "sinter-bundle"');
  const version = root.list("version");
  const [major, minor] = version as [number, number];
  if (!Number.isInteger(major) || !Number.isInteger(minor))
    root.fail("version", "is not [major, minor]");
  if (major !== bundleMajor)
    throw new SinterError(
      "VERSION_MISMATCH",
      `the bundle has format ${major}.${minor}, this library reads ${bundleMajor}.x; ` +
        "use the library that came with the bundle",
      { bundle: `${major}.${minor}`, library: `${bundleMajor}.x` },
    );
  const abi = root.count("abi_version", 1e6);
  if (abi !== abiVersion)
    throw new SinterError(
      "VERSION_MISMATCH",
      `the bundle's kernels have interface ${abi}, this library has ${abiVersion}; ` +
        "use the library that came with the bundle",
      { bundle: abi, library: abiVersion },
    );
  return [major, minor];
}

/** Whether the last member is the SHA-256 of what stands before its digits. */
function isSealed(text: string): boolean {
  const found = /"sha256": "([0-9a-f]{64})"\n\}\n$/.exec(text);
  if (found === null) return false;
  const before = text.slice(0, found.index + '"sha256": "'.length);
  return toHex(sha256InScript(new TextEncoder().encode(before))) === found[1];
}

/** Reads a manifest's text. CORRUPT when it is not as it was written,
 * BAD_MANIFEST with the field's path, or VERSION_MISMATCH. */
export function parseManifest(text: string): Manifest {
  if (text.length > maxManifestBytes)
    throw new SinterError("BAD_MANIFEST", `manifest.json has more than ${maxManifestBytes} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SinterError(
      "BAD_MANIFEST",
      `manifest.json is not JSON (${(error as Error).message}); compile the bundle again`,
      {},
      error,
    );
  }
  const root = new Fields(asObject(json, ""), "");
  const version = checkVersion(root);
  const mayLack = version[1] < minorSealed;
  if (!(mayLack && !root.has("sha256")) && !isSealed(text))
    throw new SinterError(
      "CORRUPT",
      "manifest.json does not have the SHA-256 that its last line says; copy the file again",
      { file: "manifest.json" },
    );
  const files = readFiles(root);
  const model = root.fields("model");
  const bytes = root.fields("bytes");
  return {
    text,
    version,
    name: root.text("name"),
    generator: root.text("generator", ""),
    model: {
      architecture: model.text("architecture", ""),
      quantization: model.text("quantization", ""),
      parameters: model.count("parameters", 2 ** 53 - 1, 0),
      context: model.count("context", 2 ** 31),
      vocabSize: model.count("vocab_size", 2 ** 31),
      bitsPerWeight: model.number("bits_per_weight", 0, 64, 0),
    },
    bytes: {
      download: bytes.count("download", maxBytes, 0),
      weights: bytes.count("weights", maxBytes),
      arena: bytes.count("arena", maxBytes, 0),
      state: bytes.count("state", maxBytes, 0),
    },
    sampling: readSampling(root),
    hasChatTemplate: root.has("chat_template"),
    targets: readTargets(root),
    files,
    shards: readShards(root, files),
  };
}

/** The paths of what a load of the weights needs. */
export function weightPaths({ files, shards }: Manifest): string[] {
  return [...(files.has(piecesPath) ? [piecesPath] : []), ...shards.map((shard) => shard.path)];
}

/** The file with this path; BAD_MANIFEST when the bundle has none. */
export function requireFile(manifest: Manifest, path: string): BundleFile {
  const file = manifest.files.get(path);
  if (file === undefined)
    throw new SinterError(
      "BAD_MANIFEST",
      `the bundle has no ${path}; compile it with --target web`,
      { file: path },
    );
  return file;
}
