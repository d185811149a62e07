// An I2S receiver with a microphone on it. Samples come in DMA blocks of 256: only whole blocks
// that have ended can be read, and a reader that comes late loses the oldest. The room is silent
// but for what is spoken into it.

const BLOCK_SAMPLES = 256; // the driver's DMA frame count
const RX_FRAME_BYTES = 8; // the receive side always takes two 32-bit slots a frame

export class Microphone {
  constructor({ clock, ibufBytes, rate, timeline }) {
    this.clock = clock;
    this.perMs = rate / 1000;
    this.blockMs = BLOCK_SAMPLES / this.perMs;
    this.timeline = timeline;
    const blocks = Math.max(2, Math.floor(ibufBytes / (BLOCK_SAMPLES * RX_FRAME_BYTES)));
    this.ring = new Array(blocks - 1); // its queue holds one block fewer: that one is being filled
    this.blocks = 0; // that have ended
    this.next = 0; // sample to be read next
    this.sounds = [];
    this.lostSamples = 0;
    this.t0 = clock.now();
  }

  /** Plays `pcm` into the room from `at` on; returns the times of its first and last sample. */
  speak(pcm, at) {
    const earliest = Math.max(at, this.clock.now());
    const first = Math.ceil((earliest - this.t0) * this.perMs);
    this.sounds.push({ pcm, first, end: first + pcm.length });
    return {
      first_t: this.t0 + first / this.perMs,
      last_t: this.t0 + (first + pcm.length - 1) / this.perMs,
    };
  }

  /** Copies what is there to `target` (bytes); returns the count of bytes, 0 if none. */
  read(target) {
    this.advance();
    const oldest = Math.max(0, this.blocks - this.ring.length) * BLOCK_SAMPLES;
    if (this.next < oldest) {
      this.lostSamples += oldest - this.next;
      this.next = oldest;
    }
    const wanted = target.length >> 1;
    const count = Math.min(wanted, this.blocks * BLOCK_SAMPLES - this.next);
    for (let done = 0; done < count;) {
      const block = this.ring[Math.floor(this.next / BLOCK_SAMPLES) % this.ring.length];
      const offset = this.next % BLOCK_SAMPLES;
      const piece = Math.min(count - done, BLOCK_SAMPLES - offset);
      target.set(new Uint8Array(block.buffer, offset * 2, piece * 2), done * 2);
      done += piece;
      this.next += piece;
    }
    return count * 2;
  }

  get readable() {
    this.advance();
    return this.blocks * BLOCK_SAMPLES > this.next;
  }

  /** Lets the blocks that have ended by now into the ring and the timeline. */
  advance() {
    const ended = Math.floor((this.clock.now() - this.t0) / this.blockMs);
    while (this.blocks < ended) {
      const block = this.#hear(this.blocks * BLOCK_SAMPLES);
      this.ring[this.blocks % this.ring.length] = block;
      this.timeline.append(block);
      this.blocks += 1;
    }
  }

  #hear(start) {
    const block = new Int16Array(BLOCK_SAMPLES);
    this.sounds = this.sounds.filter((sound) => sound.end > start);
    for (const { pcm, first, end } of this.sounds) {
      const stop = Math.min(end, start + BLOCK_SAMPLES);
      for (let i = Math.max(first, start); i < stop; i += 1) {
        const sum = block[i - start] + pcm[i - first];
        block[i - start] = Math.max(-32768, Math.min(32767, sum));
      }
    }
    return block;
  }
}
