// node llama-cpp-logits.mjs MODEL.gguf ID,ID,...
// The probabilities that llama.cpp gives every token after each of the ids, on the CPU without flash attention: a JSON
// array per position of [token, probability]. For relatives.py.
import path from "node:path";
import { importPeer } from "./peers.mjs";

const [file, ids] = [path.resolve(process.argv[2]), process.argv[3].split(",").map(Number)];
const { getLlama } = await importPeer("node-llama-cpp");
const llama = await getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: "error" });
const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
const context = await model.createContext({ contextSize: 256, batchSize: 256, threads: 1, flashAttention: false });
const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const results = await context
  .getSequence()
  .controlledEvaluate(ids.map((id) => [id, { generateNext: { probabilities: true, options } }]));
console.log(JSON.stringify(results.map(({ next }) => [...next.probabilities])));
