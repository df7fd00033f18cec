// faults.ts: errors for people: what happened, why, and what to do. The
// library's messages say what and where; the title and the remedy are ours.
import { byId } from "./dom.js";

interface Advice {
  readonly title: string;
  readonly remedy: string;
}

const advice: Record<string, Advice> = {
  OFFLINE: { title: "No network", remedy: "The model is not kept on this device yet. Connect once and load it; afterwards it works offline." },
  NETWORK: { title: "The download was interrupted", remedy: "Try again: what has arrived is kept and the download goes on from there." },
  NOT_FOUND: { title: "A file is missing on the server", remedy: "Whoever runs this site should copy the whole bundle folder to it." },
  BAD_RESPONSE: { title: "The server sent something else", remedy: "A sign-in page or a proxy may stand between. Open the page in a fresh tab, sign in if asked, and try again." },
  BAD_MANIFEST: { title: "The bundle is damaged", remedy: "Whoever runs this site should compile the model again and copy the whole folder." },
  VERSION_MISMATCH: { title: "Page and model do not fit together", remedy: "Reload the page. If that does not help, the bundle must be compiled again." },
  CORRUPT: { title: "The data arrived damaged, twice", remedy: "Delete the model under Storage and load it again; if it stays, the files on the server are damaged." },
  UNSUPPORTED: { title: "This browser cannot do that", remedy: "Use a current Chrome, Edge, Firefox or Safari." },
  NO_WEBGPU: { title: "No GPU for the web here", remedy: "Choose \u201cbest there is\u201d or the processor under Settings, or turn on hardware acceleration in the browser." },
  LIMIT_EXCEEDED: { title: "The model is too large for this device", remedy: "Choose the processor under Settings, close other tabs, or use a smaller model or context." },
  OUT_OF_MEMORY: { title: "Memory ran out", remedy: "Close other tabs and programs and try again, or use a smaller model or context." },
  DEVICE_LOST: { title: "The graphics device was lost", remedy: "Try again. If it happens often, choose the processor under Settings or update the graphics driver." },
  SHADER_FAILED: { title: "The graphics driver refuses a kernel", remedy: "Choose the processor under Settings, or update browser and driver." },
  SELF_CHECK_FAILED: { title: "This device computes wrong results", remedy: "Choose the processor under Settings, or update browser and driver." },
  BAD_LOGITS: { title: "This device computed nonsense", remedy: "Start the reply again. If it happens often, choose the processor under Settings." },
  CONTEXT_FULL: { title: "The conversation is too long for this model", remedy: "Begin a new chat, or write a shorter message." },
  WORKER_FAILED: { title: "The engine stopped", remedy: "Try again; the model is loaded from this device." },
  INVALID_ARGUMENT: { title: "A setting is not possible", remedy: "Look at the values under Settings." },
  INVALID_REQUEST: { title: "The model's chat template refuses this conversation", remedy: "Remove the system prompt under Settings, or begin a new chat." },
  NO_TOKENIZER: { title: "The bundle has no tokenizer", remedy: "Compile the model from a folder that has tokenizer.json or tokenizer.model." },
};

const unknown: Advice = { title: "Something went wrong", remedy: "Try again. If it stays, report it with the details." };

/** Shows one error at a time in #fault. */
export class FaultView {
  private readonly section = byId("fault", HTMLElement);
  private readonly retryButton = byId("fault-retry", HTMLButtonElement);
  private details = "";
  private retry: (() => void) | undefined;

  constructor() {
    this.retryButton.addEventListener("click", () => {
      this.hide();
      this.retry?.();
    });
    byId("fault-close", HTMLButtonElement).addEventListener("click", () => this.hide());
    byId("fault-copy", HTMLButtonElement).addEventListener("click", () => {
      void navigator.clipboard.writeText(this.details);
    });
  }

  /** retry: what "Try again" does; without it there is no such button. */
  show(thrown: unknown, retry?: () => void): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { code = "", details } = error as { code?: string; details?: unknown };
    const { title, remedy } = advice[code] ?? unknown;
    byId("fault-title", HTMLElement).textContent = title;
    byId("fault-text", HTMLElement).textContent = error.message;
    byId("fault-remedy", HTMLElement).textContent = remedy;
    this.details = [code, error.message, JSON.stringify(details), error.stack, navigator.userAgent].join("\n");
    this.retry = retry;
    this.retryButton.hidden = retry === undefined;
    this.section.hidden = false;
    this.section.scrollIntoView({ block: "nearest" });
  }

  hide(): void {
    this.section.hidden = true;
  }
}
