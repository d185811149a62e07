// The I2S ports of a badge: which microphones and speakers there are, and their timelines.

import fs from 'node:fs';
import path from 'node:path';

import { Microphone } from './microphone.mjs';
import { Speaker } from './speaker.mjs';
import { Timeline } from './timeline.mjs';

const FLUSH_MS = 250; // how much of a timeline a kill -9 may cost

const RX = 1;

export class Audio {
  /** `record({stem, mode, rate})` begins the timeline of a port; without it, a file in `folder`. */
  constructor({ clock, bytes, folder, emit, record }) {
    Object.assign(this, { clock, bytes, folder, emit });
    this.record = record ?? (({ stem }) => this.#beginFile(stem));
    this.ports = new Map();
    this.opened = new Map(); // how often a file of a name was begun
    clock.every(FLUSH_MS, () => this.flush());
  }

  /** What the shim class `machine.I2S` calls. */
  bridge() {
    return {
      i2s_open: (id, mode, rate, ibufBytes, isSwapped) =>
        this.#open(id, mode, rate, { ibufBytes, isSwapped }),
      i2s_read: (id, address, length) => this.ports.get(id).device.read(this.bytes(address, length)),
      i2s_write: (id, address, length) =>
        this.ports.get(id).device.write(this.bytes(address, length)),
      i2s_readable: (id) => this.ports.get(id).device.readable === true,
      i2s_writable: (id) => this.ports.get(id).device.writable === true,
      i2s_close: (id) => this.#close(id),
    };
  }

  /** Speaks samples into port `id`; null when no microphone is there. */
  speak(id, pcm, at) {
    const port = this.ports.get(id);
    return port?.mode === 'rx' ? port.device.speak(pcm, at) : null;
  }

  flush() {
    for (const { device, timeline } of this.ports.values()) {
      device.advance();
      timeline.flush();
    }
  }

  stats() {
    return [...this.ports].map(([id, { mode, device }]) => ({
      id, mode, lost_samples: device.lostSamples ?? 0, underruns: device.underruns ?? 0,
    }));
  }

  #open(id, modeNumber, rate, wires) {
    this.#close(id);
    const mode = modeNumber === RX ? 'rx' : 'tx';
    const timeline = this.record({ stem: `i2s${id}-${mode}`, mode, rate });
    const kind = mode === 'rx' ? Microphone : Speaker;
    const device = new kind({ clock: this.clock, rate, timeline, ...wires });
    this.ports.set(id, { mode, device, timeline });
    this.emit({ event: 'i2s', id, mode, rate, t0: device.t0, file: timeline.file });
    return 0;
  }

  #beginFile(stem) {
    const count = this.opened.get(stem) ?? 0;
    this.opened.set(stem, count + 1);
    fs.mkdirSync(this.folder, { recursive: true });
    return new Timeline(path.join(this.folder, count ? `${stem}-${count}.pcm` : `${stem}.pcm`));
  }

  #close(id) {
    const port = this.ports.get(id);
    if (!port) return 0;
    port.device.advance();
    port.timeline.close();
    this.ports.delete(id);
    return 0;
  }
}
