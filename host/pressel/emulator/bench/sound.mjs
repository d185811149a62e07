// Microphone and speaker of a badge on the bench: what the speaker plays is heard by the microphone a
// little later and fainter, and the person who holds the badge speaks when asked.

import { Audio } from '../../virtual/runtime/audio.mjs';

const BLOCK_SAMPLES = 256;
const LOOP_SHARE = 0.25; // of the speaker's level reaches the microphone
const LOOP_MS = 3; // a block is heard when it has ended, and so much later
const NOISE = 12; // peak of a quiet room, of 32768: some -72 dBFS
const SPEECH = 400; // peak of speech at a hand's width: some -45 dBFS behind an INMP441
const SPEECH_MS = 4000;
const TX = 2;

export class BenchSound {
  constructor({ clock, bytes, faults }) {
    Object.assign(this, { clock, faults });
    this.receivers = new Set();
    this.noise = 12345;
    const record = ({ mode }) => ({
      append: (block) => (mode === 'tx' ? this.#play(block) : undefined),
      flush: () => {},
      close: () => {},
    });
    this.audio = new Audio({ clock, bytes, emit: () => {}, record });
  }

  bridge() {
    const bridge = this.audio.bridge();
    return {
      ...bridge,
      i2s_open: (id, mode, ...rest) => {
        if (mode === TX) this.receivers.delete(id);
        else this.receivers.add(id);
        return bridge.i2s_open(id, mode, ...rest);
      },
      i2s_read: (id, address, length) => {
        this.audio.flush(); // what was played by now is heard
        const count = bridge.i2s_read(id, address, length);
        this.#colour(new Int16Array(this.audio.bytes(address, count).slice().buffer), address);
        return count;
      },
      i2s_close: (id) => {
        this.receivers.delete(id);
        return bridge.i2s_close(id);
      },
    };
  }

  /** The person speaks for a few seconds from now on. */
  speak() {
    const pcm = Int16Array.from({ length: SPEECH_MS * 16 }, (_, n) =>
      SPEECH * Math.sin((2 * Math.PI * n) / 80) * Math.abs(Math.sin(n / 3000)));
    for (const id of this.receivers) this.audio.speak(id, pcm, this.clock.now());
  }

  #play(block) {
    const heard = new Int16Array(BLOCK_SAMPLES);
    for (let n = 0; n < BLOCK_SAMPLES; n += 1) {
      heard[n] = block[this.faults.swapped_samples ? n ^ 1 : n] * LOOP_SHARE;
    }
    for (const id of this.receivers) this.audio.speak(id, heard, this.clock.now() + LOOP_MS);
  }

  /** What a real microphone adds, or leaves out. */
  #colour(samples, address) {
    for (let n = 0; n < samples.length; n += 1) {
      this.noise = (Math.imul(this.noise, 1664525) + 1013904223) >>> 0;
      samples[n] += ((this.noise >>> 16) % (2 * NOISE + 1)) - NOISE;
      if (this.faults.deaf_microphone) samples[n] = 0;
    }
    this.audio.bytes(address, samples.byteLength).set(new Uint8Array(samples.buffer));
  }
}
