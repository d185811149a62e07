// An I2S transmitter with a speaker on it. DMA blocks of 256 samples play one after the other in
// real time, and silence while none is full: like the driver, it keeps a block that is filled in
// part until the rest comes, be it with the next burst. `isSwapped`: neighbouring samples change
// places on their way out, as on a classic ESP32.

const BLOCK_SAMPLES = 256;
const TX_FRAME_BYTES = 2; // 16-bit mono

export class Speaker {
  constructor({ clock, ibufBytes, rate, timeline, isSwapped = false }) {
    this.clock = clock;
    this.blockMs = (BLOCK_SAMPLES * 1000) / rate;
    this.timeline = timeline;
    this.isSwapped = isSwapped;
    const blocks = Math.max(2, Math.floor(ibufBytes / (BLOCK_SAMPLES * TX_FRAME_BYTES)));
    this.room = (blocks - 1) * BLOCK_SAMPLES; // one block is always playing
    this.queue = new Int16Array(this.room);
    this.queued = 0;
    this.started = 0; // blocks
    this.playing = null;
    this.underruns = 0; // times that it ran dry in the middle of a block
    this.isFed = false; // the last block was full
    this.t0 = clock.now();
  }

  /** Takes what fits of `source` (bytes); returns the count of bytes taken. */
  write(source) {
    this.advance();
    const count = Math.min(source.length >> 1, this.room - this.queued);
    new Uint8Array(this.queue.buffer).set(source.subarray(0, count * 2), this.queued * 2);
    this.queued += count;
    return count * 2;
  }

  get writable() {
    this.advance();
    return this.queued < this.room;
  }

  /** Starts the blocks whose time has come; those that have ended join the timeline. */
  advance() {
    const due = Math.floor((this.clock.now() - this.t0) / this.blockMs) + 1;
    while (this.started < due) {
      if (this.playing) this.timeline.append(this.playing);
      this.playing = this.#nextBlock();
      this.started += 1;
    }
  }

  #nextBlock() {
    const block = new Int16Array(BLOCK_SAMPLES);
    if (this.queued < BLOCK_SAMPLES) {
      if (this.queued > 0 && this.isFed) this.underruns += 1;
      this.isFed = false;
      return block;
    }
    this.isFed = true;
    for (let n = 0; n < BLOCK_SAMPLES; n += 1) block[n] = this.queue[this.isSwapped ? n ^ 1 : n];
    this.queue.copyWithin(0, BLOCK_SAMPLES, this.queued);
    this.queued -= BLOCK_SAMPLES;
    return block;
  }
}
