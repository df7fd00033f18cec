// app.ts: the chat page: the model card, loading, chatting, and what goes wrong.
// One load and one reply at a time; everything else is in the modules beside.
import { parseManifest } from "../manifest.js";
import { deleteCached, listCached, load } from "../sinter.js";
import type { Engine, GenerateResult, GenerateStats } from "../types.js";
import { showCard } from "./card.js";
import type { Message } from "./conversation.js";
import { ConversationView } from "./conversation.js";
import { byId, make } from "./dom.js";
import { FaultView } from "./faults.js";
import { formatRate, formatSeconds, formatSize } from "./format.js";
import { LoadingView } from "./loading.js";
import { SettingsDialog } from "./settings.js";
import { StoragePanel } from "./storage-panel.js";

const base = new URL("./", document.baseURI);
const fault = new FaultView();
const loading = new LoadingView();
const view = new ConversationView();
const text = byId("composer-text", HTMLTextAreaElement);
const loadButton = byId("load", HTMLButtonElement);
const sendButton = byId("send", HTMLButtonElement);
const stopButton = byId("stop", HTMLButtonElement);
const clearButton = byId("clear", HTMLButtonElement);

let engine: Engine | undefined;
let loadAbort: AbortController | undefined;
let replyAbort: AbortController | undefined;
const messages: Message[] = [];

const settings = new SettingsDialog((now, before) => {
  if (now.device !== before.device && (engine !== undefined || loadAbort !== undefined)) void reload();
});
const storage = new StoragePanel({ listCached, deleteCached }, () => void noteCache());

const isAbort = (error: unknown) => (error as { code?: string }).code === "ABORTED";
const say = (line: string) => (byId("status", HTMLElement).textContent = line);

// --- before the load

/** Shows the card; loads at once what is wholly on this device. */
async function begin(): Promise<void> {
  try {
    // The query tells the service worker that this copy may come from its cache;
    // the library asks the network itself.
    const response = await fetch(new URL("manifest.json?card", base), { cache: "no-cache" });
    if (!response.ok) throw new Error(`the server answers ${response.status} for manifest.json`);
    showCard(parseManifest(await response.text()));
  } catch (error) {
    fault.show(error, () => void begin());
    return;
  }
  loadButton.disabled = false;
  if (await noteCache()) await start();
}

/** Says beside the button what is here already; true: all of it. */
async function noteCache(): Promise<boolean> {
  const bundles = await listCached().catch(() => []);
  const own = bundles.find((bundle) => bundle.base === base.href);
  const note = byId("load-note", HTMLElement);
  if (own === undefined || own.cachedBytes === 0) note.textContent = "";
  else if (own.complete) note.textContent = "It is on this device already.";
  else note.textContent = `${formatSize(own.cachedBytes)} are here already; the download goes on from there.`;
  return own?.complete === true;
}

function showBadges(): void {
  const network = byId("badge-network", HTMLElement);
  const offline = !navigator.onLine || engine?.info.offline === true;
  network.hidden = false;
  network.textContent = offline ? "offline" : engine !== undefined && engine.info.cache !== "none" ? "works offline" : "online";
  network.classList.toggle("good", engine !== undefined && engine.info.cache !== "none");
  const device = byId("badge-device", HTMLElement);
  device.hidden = engine === undefined;
  if (engine === undefined) return;
  const { info } = engine;
  const threads = info.threads > 1 ? `, ${info.threads} threads` : "";
  device.textContent = info.device === "webgpu" ? `WebGPU ${info.variant}` : `processor, ${info.variant}${threads}`;
  device.title = info.reason;
}

// --- loading

async function start(): Promise<void> {
  if (loadAbort !== undefined || engine !== undefined) return;
  const abort = new AbortController();
  loadAbort = abort;
  fault.hide();
  byId("load-actions", HTMLElement).hidden = true;
  loading.show();
  if (document.activeElement === loadButton) byId("cancel-load", HTMLButtonElement).focus();
  try {
    const loaded = await load(base, {
      device: settings.current.device,
      onProgress: (progress) => loading.update(progress),
      signal: abort.signal,
    });
    engine = loaded;
    showChat(loaded);
  } catch (error) {
    if (!isAbort(error)) fault.show(error, () => void start());
    else say("Loading was cancelled");
    await noteCache();
  } finally {
    loadAbort = undefined;
    loading.hide();
    byId("load-actions", HTMLElement).hidden = false;
    if (engine === undefined) loadButton.focus();
  }
}

function showChat(loaded: Engine): void {
  byId("card", HTMLElement).hidden = true;
  byId("chat", HTMLElement).hidden = false;
  byId("bottom", HTMLElement).hidden = false;
  clearButton.disabled = false;
  const warnings = byId("warnings", HTMLElement);
  warnings.replaceChildren(...loaded.info.warnings.map((line) => make("li", "", line)));
  if (!loaded.info.hasChatTemplate)
    warnings.append(make("li", "", "This model has no chat template: it continues your text."));
  warnings.hidden = warnings.childElementCount === 0;
  showBadges();
  void showStats();
  say(`The model is ready, on ${loaded.info.device}`);
  text.focus();
}

/** Another device: the engine is made anew; the conversation stays. */
async function reload(): Promise<void> {
  loadAbort?.abort();
  replyAbort?.abort();
  const old = engine;
  engine = undefined;
  await old?.dispose();
  while (loadAbort !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  byId("card", HTMLElement).hidden = false;
  byId("bottom", HTMLElement).hidden = true;
  showBadges();
  await start();
}

// --- chatting

function setBusy(busy: boolean): void {
  sendButton.hidden = busy;
  stopButton.hidden = !busy;
  clearButton.disabled = busy;
}

async function send(): Promise<void> {
  const content = text.value.trim();
  if (content === "" || replyAbort !== undefined || engine === undefined) return;
  text.value = "";
  fitComposer();
  fault.hide();
  messages.push({ role: "user", content });
  view.addUser(content);
  await reply(engine);
}

function request() {
  const { system, device: _, ...sampling } = settings.current;
  if (engine?.info.hasChatTemplate === false)
    return { ...sampling, prompt: messages.map((message) => message.content).join("") };
  const before = system === "" ? [] : [{ role: "system", content: system }];
  return { ...sampling, messages: [...before, ...messages.map((message) => ({ ...message }))] };
}

const endings: Record<GenerateResult["finishReason"], string> = {
  eos: "", stop_token: "", stop_string: "",
  length: "The reply reached its longest length.",
  context_full: "The context is full; begin a new chat.",
};

async function reply(on: Engine): Promise<void> {
  const abort = new AbortController();
  replyAbort = abort;
  setBusy(true);
  const bubble = view.addReply(on.info.name);
  let note = "";
  try {
    const result = await on.generate(request(), {
      signal: abort.signal,
      onToken: (event) => bubble.append(event.text),
    });
    note = endings[result.finishReason];
    void showStats(result.stats);
  } catch (error) {
    note = isAbort(error) ? "Stopped." : "An error ended the reply.";
    if (!isAbort(error) && engine === on) fault.show(error, () => void regenerate());
    void showStats();
  }
  replyAbort = undefined;
  setBusy(false);
  messages.push({ role: "assistant", content: bubble.text });
  bubble.end(note, () => void regenerate());
}

async function regenerate(): Promise<void> {
  if (replyAbort !== undefined || engine === undefined || messages.at(-1)?.role !== "assistant") return;
  fault.hide();
  messages.pop();
  view.removeLast();
  text.focus();
  await reply(engine);
}

async function clear(): Promise<void> {
  messages.length = 0;
  view.clear();
  fault.hide();
  say("New chat");
  text.focus();
  await engine?.reset();
  void showStats();
}

/** The line below the composer: speeds of the last reply, context, memory. */
async function showStats(last?: GenerateStats): Promise<void> {
  const on = engine;
  const stats = await on?.stats().catch(() => undefined);
  if (on === undefined || stats === undefined) return;
  const parts: string[] = [];
  if (last !== undefined) {
    const fresh = last.promptTokens - last.reusedTokens;
    parts.push(`${formatRate(last.decodeTokensPerSecond)} tokens/s`);
    parts.push(`${fresh} read at ${formatRate(last.prefillTokensPerSecond)}/s`);
    parts.push(`first after ${formatSeconds(last.firstTokenSeconds)}`);
  }
  parts.push(`context ${stats.contextUsed} of ${on.info.context}`);
  parts.push(`memory ${formatSize(stats.wasmBytes)}` + (stats.gpuBytes > 0 ? ` + GPU ${formatSize(stats.gpuBytes)}` : ""));
  byId("stats", HTMLElement).textContent = parts.join(" \u00b7 ");
}

function fitComposer(): void {
  text.rows = Math.min(10, Math.max(1, text.value.split("\n").length));
}

// --- the page's events

loadButton.addEventListener("click", () => void start());
byId("cancel-load", HTMLButtonElement).addEventListener("click", () => loadAbort?.abort());
byId("open-settings", HTMLButtonElement).addEventListener("click", () => settings.open());
byId("open-cache", HTMLButtonElement).addEventListener("click", () => void storage.open());
clearButton.addEventListener("click", () => void clear());
stopButton.addEventListener("click", () => {
  replyAbort?.abort();
  text.focus(); // the button goes away
});
byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});
text.addEventListener("input", fitComposer);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    void send();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && replyAbort !== undefined && document.querySelector("dialog[open]") === null)
    stopButton.click();
});
addEventListener("online", showBadges);
addEventListener("offline", showBadges);

showBadges();
void begin();
// The page itself for the next visit without a network.
void navigator.serviceWorker?.register(new URL("sw.js", base)).catch(() => undefined);
