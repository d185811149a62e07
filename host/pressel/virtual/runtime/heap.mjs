// A badge's heap, and beside it what the stand-ins for C modules take; see stepped/heap.py.

export class Heap {
  #bytes;
  #standInsBytes;

  constructor(options) {
    this.#bytes = Number(options.heap);
    this.#standInsBytes = Number(options['stand-ins']);
    this.used = null; // () -> JSON: peak and live bytes of all, once the firmware is there
  }

  get wholeBytes() {
    return this.#bytes + this.#standInsBytes;
  }

  /** What the firmware has of it and took of it. */
  stats() {
    const told = { heap_bytes: this.#bytes };
    if (this.used === null) return told;
    for (const [name, bytes] of Object.entries(JSON.parse(this.used()))) {
      told[name] = Math.max(0, bytes - this.#standInsBytes);
    }
    return told;
  }
}
