// openai-request.ts: what a chat completion may ask for, in the shape of OpenAI's
// interface, as a GenerateRequest. Strict: a field that is unknown, of the wrong
// type or out of range, or that asks for what this engine does not do, is an
// error that names it; nothing is ignored.
import { SinterError } from "./errors.js";
import { checkNumber, resolveLogitBias, resolveStops } from "./request.js";
import type { ChatMessage, Engine, GenerateRequest } from "./types.js";

export interface ChatCompletionRequest {
  messages: readonly ChatMessage[];
  model?: string | undefined;
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | undefined } | null | undefined;
  max_tokens?: number | null | undefined;
  max_completion_tokens?: number | null | undefined;
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  min_p?: number | null | undefined;
  frequency_penalty?: number | null | undefined;
  presence_penalty?: number | null | undefined;
  repetition_penalty?: number | null | undefined;
  seed?: number | null | undefined;
  stop?: string | readonly string[] | null | undefined;
  logprobs?: boolean | null | undefined;
  top_logprobs?: number | null | undefined;
  /** Token id to [-100, 100], at most 300. */
  logit_bias?: Readonly<Record<string, number>> | null | undefined;
  n?: 1 | null | undefined;
  /** For the model's chat template; the reply is text, as the model writes calls. */
  tools?: readonly unknown[] | null | undefined;
  /** "none": as if there were no tools. */
  tool_choice?: "auto" | "none" | null | undefined;
  response_format?: { type: "text" } | null | undefined;
  ignore_eos?: boolean | null | undefined;
  user?: string | undefined;
  /** Variables of the model's chat template ("enable_thinking"). */
  chat_template_kwargs?: Readonly<Record<string, unknown>> | null | undefined;
}

function invalid(param: string, message: string): never {
  throw new SinterError("INVALID_REQUEST", `${param}: ${message}`, { param });
}

const known = new Set([
  "messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens",
  "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty",
  "repetition_penalty", "seed", "stop", "logprobs", "top_logprobs", "logit_bias", "n", "tools",
  "tool_choice", "response_format", "ignore_eos", "user", "chat_template_kwargs",
]);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkMessages(messages: unknown): asserts messages is ChatMessage[] {
  if (!Array.isArray(messages) || messages.length === 0)
    invalid("messages", "must be a list of at least one message");
  messages.forEach((message: unknown, index) => {
    const path = `messages[${index}]`;
    if (!isObject(message)) invalid(path, "must be an object");
    if (typeof message["role"] !== "string" || message["role"] === "")
      invalid(`${path}.role`, "must be a text such as \"user\"");
    const { content } = message;
    const isText = typeof content === "string";
    if (isText || Array.isArray(content)) return;
    const hasCalls = Array.isArray(message["tool_calls"]);
    if (!(content === null || content === undefined) || !hasCalls)
      invalid(`${path}.content`, "must be a text or a list of parts");
  });
}

/** Texts of parts joined; other kinds of parts are refused. */
function flatten(message: ChatMessage, index: number): ChatMessage {
  if (!Array.isArray(message.content)) return message;
  const texts = message.content.map((part: unknown, at) => {
    const path = `messages[${index}].content[${at}]`;
    if (!isObject(part)) invalid(path, "must be an object");
    if (part["type"] !== "text")
      invalid(`${path}.type`, `is ${JSON.stringify(part["type"])}; only "text" is supported`);
    if (typeof part["text"] !== "string") invalid(`${path}.text`, "must be a text");
    return part["text"];
  });
  return { ...message, content: texts.join("") };
}

type Rule = Parameters<typeof checkNumber>[2];

/** run, with what it finds wrong as an error of the request. */
function checked<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { message, details } = error as SinterError;
    throw new SinterError("INVALID_REQUEST", message, details);
  }
}

/** Reads fields of a request; null is as if the field were absent. */
class Fields {
  constructor(private readonly request: ChatCompletionRequest) {}

  number(field: keyof ChatCompletionRequest, rule: Rule): number | undefined {
    const value: unknown = this.request[field];
    if (value === undefined || value === null) return undefined;
    return checked(() => checkNumber(field, value, rule));
  }
  flag(field: keyof ChatCompletionRequest): boolean {
    const value: unknown = this.request[field] ?? false;
    if (typeof value !== "boolean") invalid(field, "must be true or false");
    return value;
  }
  text(field: keyof ChatCompletionRequest): void {
    const value: unknown = this.request[field];
    if (value !== undefined && typeof value !== "string") invalid(field, "must be a text");
  }
}

function checkStreamOptions(options: unknown): void {
  if (!isObject(options)) invalid("stream_options", "must be an object");
  for (const [field, value] of Object.entries(options)) {
    if (field !== "include_usage") invalid(`stream_options.${field}`, "is not known");
    if (typeof value !== "boolean") invalid("stream_options.include_usage", "must be true or false");
  }
}

/** What a request may ask of the reply's form, where this engine promises none. */
function checkForm(format: unknown, choice: unknown): void {
  if (format !== undefined && format !== null) {
    if (!isObject(format)) invalid("response_format", "must be an object");
    if (format["type"] !== "text")
      invalid(
        "response_format.type",
        `is ${JSON.stringify(format["type"])}; only "text" is supported: a reply is not held to a schema`,
      );
  }
  if (choice !== undefined && choice !== null && choice !== "auto" && choice !== "none")
    invalid(
      "tool_choice",
      `is ${JSON.stringify(choice)}; only "auto" and "none" are supported: a model is not made to call a tool`,
    );
}

/** OpenAI's request as ours; INVALID_REQUEST with the field's path. */
export function toGenerateRequest(
  request: ChatCompletionRequest,
  vocabSize: number,
): GenerateRequest {
  if (!isObject(request)) invalid("request", "must be an object");
  for (const field of Object.keys(request))
    if (!known.has(field)) invalid(field, "is not a parameter that this engine knows");
  const { messages } = request;
  checkMessages(messages);
  const fields = new Fields(request);
  fields.text("model");
  fields.text("user");
  fields.flag("stream");
  fields.number("n", { low: 1, high: 1, whole: true });
  checkStreamOptions(request.stream_options ?? {});
  checkForm(request.response_format, request.tool_choice);
  if (request.tools != null && !Array.isArray(request.tools)) invalid("tools", "must be a list");
  const variables: unknown = request.chat_template_kwargs ?? undefined;
  if (variables !== undefined && !isObject(variables))
    invalid("chat_template_kwargs", "must be an object");
  const top = fields.number("top_logprobs", { low: 0, high: 20, whole: true });
  const wants = fields.flag("logprobs");
  if (top !== undefined && !wants) invalid("top_logprobs", "needs logprobs: true");
  const penalty = { low: -2, high: 2 };
  const length = { low: 1, high: 2 ** 31 - 1, whole: true };
  const biases = checked(() => resolveLogitBias("logit_bias", request.logit_bias, vocabSize));
  return {
    messages: messages.map(flatten),
    tools: request.tool_choice === "none" ? undefined : (request.tools ?? undefined),
    templateVariables: variables as Record<string, unknown> | undefined,
    maxTokens: fields.number("max_completion_tokens", length) ?? fields.number("max_tokens", length),
    temperature: fields.number("temperature", { low: 0, high: 2 }),
    topP: fields.number("top_p", { low: 0, high: 1, openLow: true }),
    topK: fields.number("top_k", { low: 0, high: 2 ** 31 - 1, whole: true }),
    minP: fields.number("min_p", { low: 0, high: 1, openHigh: true }),
    frequencyPenalty: fields.number("frequency_penalty", penalty),
    presencePenalty: fields.number("presence_penalty", penalty),
    repeatPenalty: fields.number("repetition_penalty", { low: 0, high: 100, openLow: true }),
    seed: fields.number("seed", { low: -(2 ** 53) + 1, high: 2 ** 53 - 1, whole: true }),
    logitBias: biases.length > 0 ? Object.fromEntries(biases) : undefined,
    stop: checked(() => resolveStops(request.stop)),
    ignoreEos: fields.flag("ignore_eos"),
    logprobs: wants ? (top ?? 0) : undefined,
  };
}

/** Refuses tools that the model would never hear of, because its chat template
 * does not mention them. */
export async function checkTools(engine: Engine, request: GenerateRequest): Promise<void> {
  const { messages, tools, templateVariables } = request;
  if (tools === undefined || tools.length === 0) return;
  const told = await engine.applyChatTemplate(messages!, { tools, templateVariables });
  if (told === (await engine.applyChatTemplate(messages!, { templateVariables })))
    invalid("tools", "this model's chat template knows no tools; leave them out, or say \"tool_choice\": \"none\"");
}
