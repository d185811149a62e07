// Durations counted in narrow classes: constant memory for a run of any length.

const CLASS_MS = 0.05;
const CLASSES = 4000; // up to 200 ms; longer ones share the last class

export class Histogram {
  constructor() {
    this.counts = new Uint32Array(CLASSES);
    this.total = 0;
    this.max = 0;
  }

  add(ms) {
    this.counts[Math.min(CLASSES - 1, Math.floor(ms / CLASS_MS))] += 1;
    this.total += 1;
    if (ms > this.max) this.max = ms;
  }

  /** The upper edge of the class that holds the quantile `q`, at most the maximum; 0 for none. */
  quantile(q) {
    let left = Math.ceil(this.total * q);
    for (let i = 0; i < CLASSES && left > 0; i += 1) {
      left -= this.counts[i];
      if (left <= 0 && i < CLASSES - 1) return Math.min(this.max, (i + 1) * CLASS_MS);
    }
    return this.max;
  }
}
