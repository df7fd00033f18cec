// Loads the bundle in ./model and lets it go on with what is typed.
import { load } from "./model/sinter.js";

const part = (id) => document.getElementById(id);
let abort = null;

function showProgress({ stage, loadedBytes, totalBytes }) {
  part("status").textContent = stage;
  if (totalBytes) part("progress").value = loadedBytes / totalBytes;
}

async function goOn(engine) {
  abort = new AbortController();
  part("go").disabled = true;
  part("stop").disabled = false;
  const prompt = part("prompt").value;
  part("text").textContent = prompt;
  try {
    const reply = await engine.generate(
      { prompt, maxTokens: 200, temperature: 0.7 },
      { onToken: ({ text }) => part("text").append(text), signal: abort.signal },
    );
    part("status").textContent = `${reply.stats.decodeTokensPerSecond.toFixed(1)} tokens per second on ${engine.info.device}`;
  } catch (error) {
    part("status").textContent = error.code === "ABORTED" ? "stopped" : error.message;
  }
  part("go").disabled = false;
  part("stop").disabled = true;
}

try {
  const engine = await load("./model/", { onProgress: showProgress });
  part("status").textContent = `${engine.info.name} on ${engine.info.device}: ${engine.info.reason}`;
  part("progress").hidden = true;
  part("go").disabled = false;
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    goOn(engine);
  });
  part("stop").addEventListener("click", () => abort?.abort());
} catch (error) {
  part("status").textContent = error.message;
}
