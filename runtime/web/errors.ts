// errors.ts: every error the library throws is a SinterError with a stable
// code. docs/web-api.md lists the codes with cause and remedy; a test compares
// that list with this one.

export const errorCodes = [
  "INVALID_ARGUMENT",
  "INVALID_REQUEST",
  "ABORTED",
  "DISPOSED",
  "OFFLINE",
  "NETWORK",
  "NOT_FOUND",
  "BAD_RESPONSE",
  "BAD_MANIFEST",
  "VERSION_MISMATCH",
  "CORRUPT",
  "UNSUPPORTED",
  "NO_WEBGPU",
  "LIMIT_EXCEEDED",
  "OUT_OF_MEMORY",
  "DEVICE_LOST",
  "SHADER_FAILED",
  "SELF_CHECK_FAILED",
  "CONTEXT_FULL",
  "BAD_LOGITS",
  "NO_TOKENIZER",
  "NO_CHAT_TEMPLATE",
  "WORKER_FAILED",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Facts that belong to an error: names, sizes, limits. Plain data. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** What the library throws. `message` says what, where and what to do. */
export class SinterError extends Error {
  override name = "SinterError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    // What code that knows AbortSignal tests for.
    if (code === "ABORTED") this.name = "AbortError";
  }
}

/** The form in which an error crosses from a worker to its page. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack?: string | undefined;
}

/** Any thrown value as a SinterError; what is none of ours is INTERNAL. */
export function toSinterError(thrown: unknown): SinterError {
  if (thrown instanceof SinterError) return thrown;
  if (isAbort(thrown)) return aborted(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof RangeError && /memory|allocat|array buffer/i.test(text))
    return new SinterError("OUT_OF_MEMORY", `memory ran out: ${text}`, {}, thrown);
  return new SinterError("INTERNAL", `a bug in Sinter: ${text}`, {}, thrown);
}

export function errorToData(thrown: unknown): ErrorData {
  const error = toSinterError(thrown);
  const inner = error.cause instanceof Error ? error.cause.stack : undefined;
  return {
    code: error.code,
    message: error.message,
    details: error.details,
    stack: inner ?? error.stack,
  };
}

export function errorFromData(data: ErrorData): SinterError {
  const error = new SinterError(data.code, data.message, data.details);
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

function isAbort(thrown: unknown): boolean {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    (thrown as { name?: unknown }).name === "AbortError"
  );
}

/** The error of a call that was aborted; cause: the signal's reason. */
export function aborted(reason?: unknown): SinterError {
  return new SinterError("ABORTED", "the call was aborted", {}, reason);
}

/** Throws when the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal.reason);
}

/** Bytes for people: "24.0 MiB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
