// Sound in the browser's audio thread: the microphone becomes frames of 20 ms at 16 kHz, and frames
// that come are played, whatever rate the sound card has.
"use strict";

const RATE_HZ = 16000;
const FRAME_SAMPLES = 320;
const HALF_TAPS = 12; // of the filter on each side, at the lower of both rates
const PHASES = 256; // between two samples: finer steps are below the noise of 16 bits' upper half
const START_FRAMES = 3; // wait before sound begins: what a local network and a busy page differ by
const KEPT_FRAMES = 15; // more than this is late for good, and the oldest goes

class Resampler {
  // A windowed sinc, in a table of phases.
  constructor(from, to) {
    this.step = from / to;
    const cutoff = Math.min(1, to / from) * 0.94;
    this.half = Math.ceil(HALF_TAPS * Math.max(1, this.step));
    const taps = 2 * this.half;
    this.table = new Float32Array((PHASES + 1) * taps);
    for (let phase = 0; phase <= PHASES; phase++) {
      for (let tap = 0; tap < taps; tap++) {
        const x = tap - this.half + 1 - phase / PHASES;
        const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (this.half + 1));
        const angle = Math.PI * cutoff * x;
        this.table[phase * taps + tap] = cutoff * (x === 0 ? 1 : Math.sin(angle) / angle) * window;
      }
    }
    this.kept = new Float32Array(16384);
    this.count = this.half; // silence before the first sample
    this.at = this.half - 1;
  }

  // Calls `out` with each new sample.
  push(samples, out) {
    this.kept.set(samples, this.count);
    this.count += samples.length;
    const taps = 2 * this.half;
    while (this.at + this.half < this.count) {
      const whole = Math.floor(this.at);
      const row = Math.round((this.at - whole) * PHASES) * taps;
      const first = whole - this.half + 1;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += this.kept[first + tap] * this.table[row + tap];
      out(sum);
      this.at += this.step;
    }
    const gone = Math.floor(this.at) - this.half + 1;
    if (gone > 0) {
      this.kept.copyWithin(0, gone, this.count);
      this.count -= gone;
      this.at -= gone;
    }
  }
}

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE_HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  process(inputs) {
    const samples = inputs[0][0];
    if (samples) this.resampler.push(samples, (value) => this.keep(value));
    return true;
  }

  keep(value) {
    this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
    if (this.filled === FRAME_SAMPLES) {
      this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
      this.frame = new Int16Array(FRAME_SAMPLES);
      this.filled = 0;
    }
  }
}

class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(RATE_HZ, sampleRate);
    this.frames = [];
    this.ready = new Float32Array(sampleRate);
    this.from = 0;
    this.to = 0;
    this.isPlaying = false;
    this.port.onmessage = (event) => {
      this.frames.push(new Int16Array(event.data));
      if (this.frames.length > KEPT_FRAMES) this.frames.shift();
    };
  }

  process(inputs, outputs) {
    const out = outputs[0][0];
    if (!this.isPlaying && this.frames.length >= START_FRAMES) this.isPlaying = true;
    while (this.isPlaying && this.to - this.from < out.length) {
      const frame = this.frames.shift();
      if (frame === undefined) {
        this.isPlaying = false; // what is left of the last frame is played now
        break;
      }
      if (this.from > 0) {
        this.ready.copyWithin(0, this.from, this.to);
        this.to -= this.from;
        this.from = 0;
      }
      this.resampler.push(Float32Array.from(frame, (each) => each / 32768), (value) => {
        if (this.to < this.ready.length) this.ready[this.to++] = value;
      });
    }
    const count = Math.min(out.length, this.to - this.from);
    out.set(this.ready.subarray(this.from, this.from + count));
    this.from += count;
    return true;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("speaker", Speaker);
