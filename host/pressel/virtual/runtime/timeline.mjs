// A PCM file that grows with time: s16le mono, its first sample at t0 of the clock. Written often
// and without a header, so that it can be read whatever ends the process.

import fs from 'node:fs';

export class Timeline {
  constructor(file) {
    this.file = file;
    this.fd = fs.openSync(file, 'w');
    this.pending = [];
  }

  append(samples) {
    this.pending.push(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  flush() {
    if (this.pending.length === 0) return;
    fs.writeSync(this.fd, Buffer.concat(this.pending));
    this.pending = [];
  }

  close() {
    this.flush();
    fs.closeSync(this.fd);
  }
}
