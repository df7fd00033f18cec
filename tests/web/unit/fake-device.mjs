// A device that computes nothing: the token after the tokens t0..tn is (sum of them + n) mod vocabulary, unless a
// script says otherwise. It checks that the engine keeps to the rules of device.ts.
import assert from 'node:assert/strict';

const letters = '.abcdefghijklmnopqrstuvwxyz ';

/** Ids are places in `letters`; 0 ends a reply. */
export class FakeModel {
  hasTokenizer = true;
  runtime = { memory: { buffer: new ArrayBuffer(0) } };
  tokenize(text) { return Int32Array.from(text, (c) => letters.indexOf(c)); }
  detokenize(tokens) { return Array.from(tokens, (t) => letters[t]).join(''); }
  tokenizeChat(request) { return this.tokenize(this.applyChatTemplate(request)); }
  /** As most templates: it knows no tools. */
  applyChatTemplate({ messagesJson, toolsJson }) {
    const tools = this.knowsTools && toolsJson ? `tools ${JSON.parse(toolsJson).length} ` : '';
    return tools + JSON.parse(messagesJson).map((m) => (m.role === 'user' ? 'u' : 'a') + m.content).join('') + 'a';
  }
  knowsTools = false;
  streams = 0;
  createTextStream() {
    ++this.streams;
    return {
      push: (token) => letters[token],
      finish: () => '',
      destroy: () => { --this.streams; },
    };
  }
}

export class FakeDevice {
  name = 'wasm';
  variant = 'fake';
  reason = 'a test';
  threads = 1;
  held = [];
  pending = 0;
  begun = false;
  disposed = false;
  log = [];
  constructor({ context = 64, depth = 1, script = undefined, stepDelay = 0, model = new FakeModel() } = {}) {
    this.model = model;
    this.script = script;
    this.stepDelay = stepDelay;
    this.limits = {
      context, chunk: 16, vocabSize: letters.length, eosIds: [0], bosId: -1, depth, weightBytes: 1, arenaBytes: 1, stateBytes: 1,
    };
  }
  get position() { return this.held.length; }
  begin(settings, history) {
    assert.ok(!this.begun, 'begin within a generation');
    assert.deepEqual(Array.from(history), this.held);
    this.begun = true;
    this.settings = settings;
  }
  end() { this.begun = false; }
  async wait() { if (this.stepDelay) await new Promise((ok) => setTimeout(ok, this.stepDelay)); }
  add(tokens) {
    assert.ok(!this.disposed, 'used after disposal');
    assert.equal(this.pending, 0, 'a call while next waits');
    assert.ok(this.held.length + tokens.length <= this.limits.context, 'beyond the context');
    this.held.push(...tokens);
  }
  async prefill(tokens) {
    assert.ok(tokens.length >= 1 && tokens.length <= this.limits.chunk);
    this.log.push(tokens.length);
    await this.wait();
    this.add(tokens);
  }
  async prefillLogits(tokens) {
    const out = [];
    for (const token of tokens) { this.add([token]); out.push(...this.row()); }
    return Float32Array.from(out);
  }
  async decode(token) { this.add([token]); }
  choose() {
    const told = this.script?.(this.held, this);
    return told ?? (this.held.reduce((a, b) => a + b, this.held.length) % this.limits.vocabSize);
  }
  row() {
    const row = new Float32Array(this.limits.vocabSize);
    row[this.choose()] = 5;
    return row;
  }
  async next(append) {
    assert.ok(this.begun && !this.disposed);
    assert.ok(this.pending < this.limits.depth, 'more steps than the depth');
    if (append) {
      assert.ok(this.held.length < this.limits.context, 'beyond the context');
      this.held.push(this.last);
    }
    const token = (this.last = this.choose());
    ++this.pending;
    await this.wait();
    --this.pending;
    return token;
  }
  async logits() { return this.row(); }
  truncate(position) {
    assert.equal(this.pending, 0);
    assert.ok(position <= this.held.length);
    this.held.length = position;
  }
  async dispose() { assert.equal(this.pending, 0); this.disposed = true; }
}

export const info = { name: 'fake', vocabSize: letters.length, hasChatTemplate: true, hasTokenizer: true };
export const load = { seconds: 0, stageSeconds: {}, downloadedBytes: 0, cachedBytes: 0, healedFiles: 0 };
