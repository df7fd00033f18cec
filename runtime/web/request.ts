// request.ts: checks a GenerateRequest and fills in the defaults. Every number
// is checked here, with the field's name in the error, before anything runs.
import { SinterError } from "./errors.js";
import type { SamplingDefaults } from "./manifest.js";
import type { SamplerSettings } from "./runtime.js";
import type { GenerateRequest, SamplingOptions } from "./types.js";

export const maxStops = 16;
export const maxStopBytes = 256;

function invalid(field: string, value: unknown, allowed: string): never {
  const shown = typeof value === "string" ? `"${value.slice(0, 40)}"` : String(value);
  throw new SinterError("INVALID_ARGUMENT", `${field} is ${shown}; it must be ${allowed}`, {
    param: field,
  });
}

interface NumberRule {
  readonly low: number;
  readonly high: number;
  readonly openLow?: boolean;
  readonly openHigh?: boolean;
  readonly whole?: boolean;
}

/** value, when it is a number that the rule allows. */
export function checkNumber(field: string, value: unknown, rule: NumberRule): number {
  const { low, high } = rule;
  const ok =
    typeof value === "number" &&
    (rule.openLow ? value > low : value >= low) &&
    (rule.openHigh ? value < high : value <= high) &&
    (!rule.whole || Number.isInteger(value));
  if (!ok) {
    const range = `${rule.openLow ? "above" : "at least"} ${low} and ${rule.openHigh ? "below" : "at most"} ${high}`;
    invalid(field, value, `a ${rule.whole ? "whole " : ""}number, ${range}`);
  }
  return value as number;
}

const rules = {
  temperature: { low: 0, high: 100 },
  topK: { low: 0, high: 2 ** 31 - 1, whole: true },
  topP: { low: 0, high: 1, openLow: true },
  minP: { low: 0, high: 1, openHigh: true },
  repeatPenalty: { low: 0, high: 100, openLow: true },
  presencePenalty: { low: -100, high: 100 },
  frequencyPenalty: { low: -100, high: 100 },
  penaltyWindow: { low: 0, high: 65536, whole: true },
} satisfies Partial<Record<keyof SamplingOptions, NumberRule>>;

/** As many as OpenAI allows, and SINTER_MAX_LOGIT_BIASES. */
export const maxLogitBiases = 300;

/** Biases by token; field: what the object is called in errors. */
export function resolveLogitBias(
  field: string,
  biases: unknown,
  vocabSize: number,
): [token: number, bias: number][] {
  if (biases === undefined || biases === null) return [];
  if (typeof biases !== "object" || Array.isArray(biases))
    invalid(field, biases, 'an object such as {"50": -100}');
  const entries = Object.entries(biases);
  if (entries.length > maxLogitBiases)
    invalid(field, `${entries.length} tokens`, `at most ${maxLogitBiases} tokens`);
  return entries.map(([key, value]) => {
    const token = /^(0|[1-9]\d{0,9})$/.test(key) ? Number(key) : -1;
    if (token < 0 || token >= vocabSize)
      throw new SinterError(
        "INVALID_ARGUMENT",
        `${field} has the key "${key}"; it must be a token's id, a whole number from 0 to ${vocabSize - 1}`,
        { param: `${field}.${key}` },
      );
    return [token, checkNumber(`${field}.${key}`, value, { low: -100, high: 100 })];
  });
}

function randomSeed(): bigint {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return (BigInt(words[0]!) << 32n) | BigInt(words[1]!);
}

/** Checked settings; what is absent comes from the bundle, else neutral. */
export function resolveSampling(
  request: SamplingOptions,
  defaults: SamplingDefaults,
  vocabSize: number,
): SamplerSettings {
  const read = (field: keyof typeof rules, neutral: number): number => {
    const value = request[field];
    return value === undefined ? neutral : checkNumber(field, value, rules[field]);
  };
  if (request.seed !== undefined)
    checkNumber("seed", request.seed, {
      low: -Number.MAX_SAFE_INTEGER,
      high: Number.MAX_SAFE_INTEGER,
      whole: true,
    });
  return {
    temperature: read("temperature", defaults.temperature ?? 0),
    topK: read("topK", defaults.topK ?? 0),
    topP: read("topP", defaults.topP ?? 1),
    minP: read("minP", defaults.minP ?? 0),
    repeatPenalty: read("repeatPenalty", defaults.repeatPenalty ?? 1),
    presencePenalty: read("presencePenalty", 0),
    frequencyPenalty: read("frequencyPenalty", 0),
    penaltyWindow: read("penaltyWindow", 64),
    seed: request.seed === undefined ? randomSeed() : BigInt.asUintN(64, BigInt(request.seed)),
    logitBias: resolveLogitBias("logitBias", request.logitBias, vocabSize),
  };
}

/** The stop texts as a list. */
export function resolveStops(stop: unknown): string[] {
  if (stop === undefined || stop === null) return [];
  const list: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (list.length > maxStops)
    invalid("stop", `${list.length} texts`, `at most ${maxStops} texts`);
  return list.map((item, index) => {
    const field = Array.isArray(stop) ? `stop[${index}]` : "stop";
    if (typeof item !== "string") invalid(field, item, "a text");
    const bytes = new TextEncoder().encode(item).length;
    if (bytes < 1 || bytes > maxStopBytes)
      invalid(field, item, `a text of 1 to ${maxStopBytes} bytes`);
    return item;
  });
}

/** Token ids below vocabSize. */
export function checkTokens(
  field: string,
  tokens: ArrayLike<number>,
  vocabSize: number,
): Int32Array<ArrayBuffer> {
  if (tokens === null || typeof tokens !== "object" || typeof tokens.length !== "number")
    invalid(field, tokens, "a list of token ids");
  const out = new Int32Array(tokens.length);
  for (let i = 0; i < out.length; ++i) {
    const token = tokens[i]!;
    if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
      invalid(`${field}[${i}]`, token, `a whole number from 0 to ${vocabSize - 1}`);
    out[i] = token;
  }
  return out;
}

/** Checks everything but prompt, messages and sampling. */
export function checkRequest(request: GenerateRequest, vocabSize: number): void {
  if (typeof request !== "object" || request === null)
    invalid("request", request, "an object");
  const given = (["prompt", "tokens", "messages"] as const).filter(
    (field) => request[field] !== undefined,
  );
  if (given.length !== 1)
    throw new SinterError(
      "INVALID_ARGUMENT",
      `give exactly one of prompt, tokens and messages; given: ${given.join(", ") || "none"}`,
      { param: given[1] ?? "prompt" },
    );
  if (request.prompt !== undefined && typeof request.prompt !== "string")
    invalid("prompt", request.prompt, "a text");
  if (request.messages !== undefined && !Array.isArray(request.messages))
    invalid("messages", request.messages, "a list of messages");
  if (request.maxTokens !== undefined)
    checkNumber("maxTokens", request.maxTokens, { low: 1, high: 2 ** 31 - 1, whole: true });
  if (request.logprobs !== undefined)
    checkNumber("logprobs", request.logprobs, { low: 0, high: Math.min(64, vocabSize), whole: true });
  if (request.stopTokens !== undefined) checkTokens("stopTokens", request.stopTokens, vocabSize);
}
