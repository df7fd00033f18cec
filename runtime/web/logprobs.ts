// logprobs.ts: logarithms of probabilities from logits, before temperature and
// limits: what the model thinks, not what the sampler was told.

export interface Likely {
  readonly token: number;
  readonly logprob: number;
}

/** The chosen token's logarithm of probability, and the `count` likeliest ones
 * in order; equals by their ids. */
export function logprobs(
  logits: Float32Array,
  chosen: number,
  count: number,
): { chosen: number; top: Likely[] } {
  let largest = -Infinity;
  for (const value of logits) if (value > largest) largest = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - largest);
  const shift = largest + Math.log(sum);
  const best: number[] = [];
  for (let token = 0; token < logits.length && count > 0; ++token) {
    const value = logits[token]!;
    if (best.length === count && !(value > logits[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && value > logits[best[at - 1]!]!) --at;
    best.splice(at, 0, token);
    if (best.length > count) best.pop();
  }
  return {
    chosen: logits[chosen]! - shift,
    top: best.map((token) => ({ token, logprob: logits[token]! - shift })),
  };
}
