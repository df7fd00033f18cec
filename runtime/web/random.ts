// random.ts: the random numbers of the native sampler (splitmix64, Steele et
// al. 2014), so that the GPU draws with the numbers that the processor would.

const mask = (1n << 64n) - 1n;

export class RandomNumbers {
  constructor(private state: bigint) {}

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & mask;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    z ^= z >> 31n;
    return Number(z >> 11n) * 2 ** -53;
  }
}
