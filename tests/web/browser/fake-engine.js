// Stands in for sinter.js in tests of the page: the same interface, no model. Tests steer it
// through window.fake: {reply, delay (ms per piece), loadSteps, failLoad, failReply, cached}.
const fake = (globalThis.fake ??= {});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class SinterError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
    this.name = code === 'ABORTED' ? 'AbortError' : 'SinterError';
  }
}
const checkAbort = (signal) => {
  if (signal?.aborted) throw new SinterError('ABORTED', 'the call was aborted');
};

export async function listCached() {
  const base = new URL('./', document.baseURI).href;
  return fake.cached ? [{ base, name: 'pretender', bytes: 1234567, cachedBytes: fake.cached, complete: fake.cached === 1234567, lastUsed: new Date() }] : [];
}
export async function deleteCached() {
  const freed = fake.cached ?? 0;
  fake.cached = 0;
  return freed;
}

export async function load(base, { device, onProgress, signal }) {
  fake.device = device;
  const totalBytes = 1234567;
  const steps = fake.loadSteps ?? 5;
  for (const stage of ['manifest', 'download', 'compile', 'warmup']) {
    for (let step = 1; step <= (stage === 'download' ? steps : 1); ++step) {
      checkAbort(signal);
      if (stage === 'compile' && fake.failLoad) throw new SinterError(fake.failLoad, 'shader-f16 is missing: needs 256 MiB, the adapter allows 128 MiB');
      const loadedBytes = stage === 'manifest' ? 0 : stage === 'download' ? Math.round((totalBytes * step) / steps) : totalBytes;
      onProgress?.({ stage, loadedBytes, totalBytes, cachedBytes: 0, verifiedBytes: 0, uploadedBytes: 0, secondsLeft: steps - step, bytesPerSecond: 1e6 });
      await pause(fake.delay ?? 5);
    }
  }
  return new Engine();
}

class Engine {
  info = {
    name: 'pretender', architecture: 'llama', quantization: 'q4', generator: 'test', parameters: 1769856, bitsPerWeight: 4.6, context: 512,
    vocabSize: 1024, hasTokenizer: true, hasChatTemplate: true, device: 'webgpu', variant: 'soft', reason: 'a test', threads: 1, worker: true,
    bytes: { download: 1, weights: 1, arena: 1, state: 1 }, cache: 'opfs', offline: false, warnings: [], eosIds: [0], bosId: 0,
  };
  async generate(request, { onToken, signal } = {}) {
    (fake.requests ??= []).push(JSON.parse(JSON.stringify(request)));
    const reply = fake.reply ?? 'Once upon a time there was a *fox*. It was red.\n\n- one\n- two';
    // Pieces that pay no heed to words, and not too many of them.
    const step = Math.max(4, Math.ceil(reply.length / 250));
    for (let at = 0; at < reply.length; at += step) {
      const text = reply.slice(at, at + step);
      await pause(fake.delay ?? 5);
      checkAbort(signal);
      if (fake.failReply) throw new SinterError(fake.failReply, 'the device was lost twice');
      onToken?.({ token: 1, text });
    }
    return { tokens: [], text: reply, finishReason: fake.finish ?? 'eos', stats: { promptTokens: 20, reusedTokens: 5, generatedTokens: 9, queueSeconds: 0, prefillSeconds: 0.1, firstTokenSeconds: 0.2, decodeSeconds: 1, prefillTokensPerSecond: 150, decodeTokensPerSecond: 12.34 } };
  }
  async stats() {
    return { contextUsed: 29, wasmBytes: 16777216, gpuBytes: 2e6, last: undefined };
  }
  async reset() {
    fake.resets = (fake.resets ?? 0) + 1;
  }
  async dispose() {
    fake.disposed = (fake.disposed ?? 0) + 1;
  }
}
