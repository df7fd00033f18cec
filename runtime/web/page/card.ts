// card.ts: what the bundle is and how large, shown before a byte of it is loaded.
import type { Manifest } from "../manifest.js";
import { byId, make } from "./dom.js";
import { formatCount, formatSize } from "./format.js";

/** Fills the model card. */
export function showCard(manifest: Manifest): void {
  const { model, bytes } = manifest;
  byId("model-name", HTMLElement).textContent = manifest.name;
  document.title = `${manifest.name} \u2013 chat`;
  const devices = [...manifest.targets.keys()].filter((name) => name === "webgpu" || name === "wasm");
  const names: Record<string, string> = { webgpu: "GPU (WebGPU)", wasm: "processor (WebAssembly)" };
  const facts: [string, string][] = [
    ["Model", `${manifest.name}, ${model.architecture}, ${formatCount(model.parameters)} parameters`],
    ["Precision", `${model.quantization}, ${model.bitsPerWeight.toFixed(1)} bits per weight`],
    ["Context", `${model.context.toLocaleString("en")} tokens`],
    ["Download", `at most ${formatSize(bytes.download)}, once; then it is kept on this device`],
    ["Memory", `about ${formatSize(bytes.weights + bytes.arena + bytes.state)}`],
    ["Runs on", devices.map((name) => names[name]!).join(" or ")],
  ];
  byId("facts", HTMLElement).replaceChildren(
    ...facts.flatMap(([term, value]) => [make("dt", "", term), make("dd", "", value)]),
  );
}
