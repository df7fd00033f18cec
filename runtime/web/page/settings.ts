// settings.ts: what the user chose, kept in localStorage. An absent value is the
// model's own.
import { byId } from "./dom.js";

export interface Settings {
  system: string;
  temperature?: number;
  topK?: number;
  topP?: number;
  seed?: number;
  maxTokens?: number;
  device: "auto" | "webgpu" | "wasm";
}

const key = "sinter-settings";
const numbers = ["temperature", "topK", "topP", "seed", "maxTokens"] as const;
const devices = ["auto", "webgpu", "wasm"] as const;

/** Settings from any value; what is not sound is left out. */
function checked(value: unknown): Settings {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const settings: Settings = { system: "", device: "auto" };
  if (typeof given["system"] === "string") settings.system = given["system"].slice(0, 20000);
  for (const device of devices) if (given["device"] === device) settings.device = device;
  for (const name of numbers) {
    const number = given[name];
    if (typeof number === "number" && Number.isFinite(number)) settings[name] = number;
  }
  return settings;
}

export function readSettings(): Settings {
  try {
    return checked(JSON.parse(localStorage.getItem(key) ?? "{}"));
  } catch {
    return checked({}); // no storage here, or not our text
  }
}

function writeSettings(settings: Settings): void {
  try {
    localStorage.setItem(key, JSON.stringify(settings));
  } catch {
    // Private windows may refuse; the settings then last as long as the page.
  }
}

/** The settings dialog. onSave gets what is chosen now and what was before. */
export class SettingsDialog {
  current = readSettings();
  private readonly dialog = byId("settings", HTMLDialogElement);
  private readonly form = byId("settings-form", HTMLFormElement);

  constructor(private readonly onSave: (now: Settings, before: Settings) => void) {
    byId("settings-close", HTMLButtonElement).addEventListener("click", () => this.dialog.close());
    byId("settings-reset", HTMLButtonElement).addEventListener("click", () => this.fill(checked({})));
    this.form.addEventListener("submit", () => this.save());
  }

  open(): void {
    this.fill(this.current);
    this.dialog.showModal();
  }

  private input(name: string): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement;
  }

  private fill(settings: Settings): void {
    this.input("system").value = settings.system;
    this.input("device").value = settings.device;
    for (const name of numbers) this.input(name).value = String(settings[name] ?? "");
  }

  private save(): void {
    const values: Record<string, unknown> = {
      system: this.input("system").value.trim(),
      device: this.input("device").value,
    };
    for (const name of numbers) {
      const text = this.input(name).value;
      if (text !== "") values[name] = Number(text);
    }
    const before = this.current;
    this.current = checked(values);
    writeSettings(this.current);
    this.onSave(this.current, before);
  }
}
