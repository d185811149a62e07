// Chance that comes from a seed (Marsaglia's xorshift32): the same seed, the same numbers.

const NEVER_ZERO = 0x9e3779b9; // xorshift stays at 0

export class Entropy {
  constructor(seed) {
    this.state = seed >>> 0 || NEVER_ZERO;
    for (let i = 0; i < 8; i += 1) this.word(); // so that near seeds differ in all bits
  }

  /** The next 32 bits. */
  word() {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }

  fill(bytes) {
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = this.word() >>> 24;
  }
}
