// node onnxruntime.mjs MODEL.onnx THREADS REPEATS PROMPT COUNT
// onnxruntime-node on the CPU. Past and present share one buffer of the KV
// cache, as onnxruntime-genai has it. Geometry comes from the model's inputs.
import path from "node:path";
import { importPeer, processorTime, promptOf, report, versionOf } from "./peers.mjs";

const [file, threads, repeats, length, count] = process.argv
  .slice(2, 7)
  .map((text, i) => (i ? Number(text) : path.resolve(text)));

const ort = await importPeer("onnxruntime-node");
const begin = performance.now();
const session = await ort.InferenceSession.create(file, {
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
});
const loadMs = performance.now() - begin;
const past = session.inputMetadata.filter((input) => input.name.startsWith("past."));
const capacity = Math.max(256, length + count + 1);

/** Runs ids at the end of the cache; the likeliest next id. */
async function step(cache, ids, total) {
  const feeds = {
    input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    seqlens_k: new ort.Tensor("int32", Int32Array.of(total - 1), [1]),
    total_sequence_length: new ort.Tensor("int32", Int32Array.of(total), []),
  };
  const fetches = { logits: null };
  for (const { name } of past) {
    feeds[name] = cache[name];
    fetches[name.replace("past", "present")] = cache[name];
  }
  const logits = (await session.run(feeds, fetches)).logits.data;
  let best = 0;
  for (let i = 1; i < logits.length; ++i) if (logits[i] > logits[best]) best = i;
  return best;
}

const runs = [];
for (let i = 0; i < repeats; ++i) {
  const cache = {};
  for (const { name, shape } of past) {
    const dims = [1, Number(shape[1]), capacity, Number(shape[3])];
    cache[name] = new ort.Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)), dims);
  }
  const times = [performance.now()];
  const tokens = [await step(cache, promptOf(length), length)];
  times.push(performance.now());
  const processor = processorTime();
  for (let k = 0; k < count; ++k) {
    tokens.push(await step(cache, [tokens.at(-1)], length + k + 1));
    times.push(performance.now());
  }
  runs.push({
    ttft_ms: times[1] - times[0],
    first_step_ms: times[2] - times[1],
    decode_ms: times.at(-1) - times[1],
    decode_cpu_ms: processorTime() - processor,
    tokens,
  });
}
report({
  engine: "onnxruntime",
  version: "onnxruntime-node " + versionOf("onnxruntime-node"),
  config: "shared KV",
  load_ms: loadMs,
  prompt: length,
  count,
  runs,
});
