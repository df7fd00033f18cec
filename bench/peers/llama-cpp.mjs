// node llama-cpp.mjs MODEL.gguf THREADS REPEATS PROMPT COUNT [fa|vulkan|cuda]
// llama.cpp as node-llama-cpp ships it, on the CPU, or with `vulkan` or `cuda` on a
// GPU (software ones only with GGML_VK_VISIBLE_DEVICES=0). Load is model and context;
// loading the shared libraries is not counted (backend_ms).
import fs from "node:fs";
import path from "node:path";
import { importPeer, processorTime, promptOf, report, versionOf } from "./peers.mjs";

const [file, threads, repeats, length, count] = process.argv
  .slice(2, 7)
  .map((text, i) => (i ? Number(text) : path.resolve(text)));
const config = process.argv[7] ?? "default";
const gpu = ["vulkan", "cuda"].includes(config) && config;

const { getLlama } = await importPeer("node-llama-cpp");
const begin = performance.now();
const llama = await getLlama({ gpu, build: "never", maxThreads: threads, logLevel: "error" });
const ready = performance.now();
const model = await llama.loadModel({ modelPath: file, gpuLayers: gpu ? "max" : 0 });
const context = await model.createContext({
  contextSize: Math.max(512, length + count + 1),
  batchSize: 512,
  threads,
  ...(config === "fa" ? { flashAttention: true } : {}),
});
const loaded = performance.now();

const sequence = context.getSequence();
const runs = [];
for (let i = 0; i < repeats; ++i) {
  await sequence.clearHistory();
  const tokens = [];
  const times = [performance.now()];
  let processor = 0;
  for await (const token of sequence.evaluate(promptOf(length), { temperature: 0, yieldEogToken: true })) {
    tokens.push(token);
    times.push(performance.now());
    if (tokens.length === 1) processor = processorTime();
    if (tokens.length > count) break;
  }
  runs.push({
    ttft_ms: times[1] - times[0],
    first_step_ms: times[2] - times[1],
    decode_ms: times.at(-1) - times[1],
    decode_cpu_ms: processorTime() - processor,
    tokens,
  });
}

let release = "";
try {
  const note = "node_modules/node-llama-cpp/llama/binariesGithubRelease.json";
  release = " llama.cpp " + JSON.parse(fs.readFileSync(note)).release;
} catch {}
report({
  engine: "llama.cpp",
  version: "node-llama-cpp " + versionOf("node-llama-cpp") + release,
  config,
  load_ms: loaded - ready,
  backend_ms: ready - begin,
  prompt: length,
  count,
  runs,
});
