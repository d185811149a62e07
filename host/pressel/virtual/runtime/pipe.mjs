// Frames on stdin and stdout: a length of 4 bytes (little-endian), then as many bytes. Reading
// waits, so that nothing else happens in this process meanwhile.

import fs from 'node:fs';

const FIRST_BYTES = 1 << 16; // of a buffer; it grows when a frame needs more

export class Pipe {
  constructor() {
    this.input = Buffer.allocUnsafe(FIRST_BYTES);
    this.filled = 0;
  }

  /** The bytes of the next frame, valid until the next call; null when the other end is gone. */
  read() {
    if (!this.#fill(4)) return null;
    const end = 4 + this.input.readUInt32LE(0);
    if (!this.#fill(end)) return null;
    this.filled = 0; // the other end waits for the answer before it writes again
    return this.input.subarray(4, end);
  }

  /** Writes a frame that an Output made; false when the other end is gone. */
  write(output) {
    const frame = output.frame();
    try {
      for (let done = 0; done < frame.length;) done += fs.writeSync(1, frame, done);
    } catch (error) {
      if (error.code === 'EPIPE') return false;
      throw error;
    }
    return true;
  }

  #fill(count) {
    if (count > this.input.length) {
      const larger = Buffer.allocUnsafe(2 * count);
      this.input.copy(larger, 0, 0, this.filled);
      this.input = larger;
    }
    while (this.filled < count) {
      const got = fs.readSync(0, this.input, this.filled, this.input.length - this.filled, null);
      if (got === 0) return false;
      this.filled += got;
    }
    return true;
  }
}

/** Reads numbers and bytes one after the other, little-endian. */
export class Input {
  constructor(buffer) {
    this.buffer = buffer;
    this.next = 0;
  }

  u8() { return this.buffer.readUInt8(this.#step(1)); }
  u16() { return this.buffer.readUInt16LE(this.#step(2)); }
  u32() { return this.buffer.readUInt32LE(this.#step(4)); }
  f64() { return this.buffer.readDoubleLE(this.#step(8)); }

  /** A copy, for the frame's own bytes are overwritten by the next. */
  bytes(count) {
    const start = this.#step(count);
    return Buffer.from(this.buffer.subarray(start, start + count));
  }

  #step(count) {
    this.next += count;
    return this.next - count;
  }
}

/** Writes a frame: numbers and bytes one after the other, little-endian. */
export class Output {
  constructor() {
    this.buffer = Buffer.allocUnsafe(FIRST_BYTES);
    this.next = 4;
  }

  begin(kind) {
    this.next = 4;
    this.u8(kind);
  }

  u8(value) { this.buffer.writeUInt8(value, this.#step(1)); }
  u16(value) { this.buffer.writeUInt16LE(value, this.#step(2)); }
  u32(value) { this.buffer.writeUInt32LE(value, this.#step(4)); }
  f64(value) { this.buffer.writeDoubleLE(value, this.#step(8)); }
  bytes(value) { this.buffer.set(value, this.#step(value.length)); }

  text(value) {
    const data = Buffer.from(value);
    this.u32(data.length);
    this.bytes(data);
  }

  frame() {
    this.buffer.writeUInt32LE(this.next - 4, 0);
    return this.buffer.subarray(0, this.next);
  }

  #step(count) {
    const start = this.next;
    this.next += count;
    if (this.next > this.buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.next);
      this.buffer.copy(larger, 0, 0, start);
      this.buffer = larger;
    }
    return start;
  }
}
