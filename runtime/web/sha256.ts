// sha256.ts: SHA-256 (FIPS 180-4) of bytes that are already in memory. The
// browser's own implementation, which is several times faster, exists only in
// secure contexts (HTTPS, localhost); elsewhere ours computes.

// The first 32 bits of the fractional parts of the cube roots of the first 64
// primes, and of the square roots of the first 8 (FIPS 180-4, 4.2.2, 5.3.3).
function fractions(count: number, root: (n: number) => number): Int32Array {
  const words = new Int32Array(count);
  for (let n = 2, found = 0; found < count; ++n) {
    let prime = true;
    for (let d = 2; d * d <= n; ++d) prime &&= n % d !== 0;
    if (prime) words[found++] = (root(n) % 1) * 2 ** 32;
  }
  return words;
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

function compress(state: Int32Array, words: Int32Array, k: Int32Array): void {
  for (let i = 16; i < 64; ++i) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[i] = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; ++i) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[i]! + words[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/** The hash, computed here. */
export function sha256InScript(bytes: Uint8Array): Uint8Array {
  const k = fractions(64, Math.cbrt);
  const state = fractions(8, Math.sqrt);
  const words = new Int32Array(64);
  const block = new DataView(new ArrayBuffer(64));
  const add = (view: DataView, at: number) => {
    for (let i = 0; i < 16; ++i) words[i] = view.getInt32(at + 4 * i);
    compress(state, words, k);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (; at + 64 <= bytes.length; at += 64) add(view, at);
  const tail = new Uint8Array(128);
  tail.set(bytes.subarray(at));
  const rest = bytes.length - at;
  tail[rest] = 0x80;
  const end = rest < 56 ? 64 : 128;
  const last = new DataView(tail.buffer);
  last.setUint32(end - 8, Math.floor(bytes.length / 2 ** 29));
  last.setUint32(end - 4, bytes.length << 3);
  for (let i = 0; i < end; i += 64) add(last, i);
  for (let i = 0; i < 8; ++i) block.setInt32(4 * i, state[i]!);
  return new Uint8Array(block.buffer, 0, 32);
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The hash's 32 bytes. */
export async function sha256Bytes(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle === undefined) return sha256InScript(bytes);
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

/** The hash as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(await sha256Bytes(bytes));
}
