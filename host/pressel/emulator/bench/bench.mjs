// The bench on which an emulated badge's prompt lies: models of clock, sound, radio, pins and power
// in virtual time, a person who does what programs ask for, and planted faults (emulator/faults.py).
// What only Python can stand in for is in stand_ins.py.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ciphers } from '../../virtual/runtime/ciphers.mjs';
import { Pins } from '../../virtual/runtime/pins.mjs';
import { BenchClock } from './clock.mjs';
import { BenchRadio } from './radio.mjs';
import { BenchSound } from './sound.mjs';

const STAND_INS = fileURLToPath(new URL('./stand_ins.py', import.meta.url));
const HEAP_BYTES = 1 << 20; // raw, and it may grow: garbage goes only between two programs
const PRESS_MS = 400; // how long the finger holds, and lets go
const CUT_MS = 2000; // from the person's hearing of it to the cable's end
const BOUNCE_MS = 2; // between two changes of a contact that has not settled
const EPAPER_MS = 2000; // for a picture without ghosts
const FLASH_MS = 60; // for a write, erasing included
const ROTTEN_FILE = '/bringup.tmp';
const CIPHER_MS = 0.02; // for a call

export class Bench {
  /** `end(isReset)` ends the process. */
  constructor({ faults, chip, flash, end }) {
    this.chip = chip;
    this.faults = faults;
    this.end = end;
    this.folder = flash;
    this.clock = new BenchClock(faults.jumping_tick);
    this.clock.watchers.push((now) => this.#look(now));
    this.pins = new Pins();
    this.board = this.#file('board.json');
    this.heapBytes = faults.small_heap ?? HEAP_BYTES;
    this.isSmall = 'small_heap' in faults;
    this.pressing = false;
    this.busyUntil = 0; // the e-paper
    this.cutAt = Infinity;
    this.watchdogAt = Infinity;
  }

  /** With MicroPython there: the bridge of its modules. */
  bridge({ bytes, FS }) {
    const { clock, faults } = this;
    this.FS = FS;
    this.sound = new BenchSound({ clock, bytes, faults });
    const pins = this.pins.bridge();
    const ciphers = new Ciphers({ bytes }).bridge();
    return {
      ...pins,
      pin_level: (pin) => {
        if (pin === this.board.epaper?.busy) return clock.now() < this.busyUntil ? 1 : 0;
        return this.#isDown(pin) ? this.#downLevel() : pins.pin_level(pin);
      },
      bench_busy: () => {
        if (!faults.absent_epaper) this.busyUntil = clock.now() + EPAPER_MS;
        return 0;
      },
      ...ciphers,
      aes_run: (...args) => {
        clock.spend(faults.slow_cipher ?? CIPHER_MS);
        ciphers.aes_run(...args);
        if (faults.wrong_cipher) bytes(args[3], 1)[0] ^= 1;
        return 0;
      },
      ...this.sound.bridge(),
      ...new BenchRadio({ clock, bytes, faults }).bridge(),
      bench: () => JSON.stringify({ chip: this.chip, board: this.board, faults }),
      bench_spend: (ms) => {
        clock.spend(ms);
        return 0;
      },
      bench_watchdog: (ms) => {
        this.watchdogAt = faults.no_watchdog ? Infinity : clock.now() + ms;
        return 0;
      },
    };
  }

  /** Python that stands in for what is no module of the virtual badge. */
  prepare(mp) {
    mp.runPython(fs.readFileSync(STAND_INS, 'utf8'));
    const write = this.FS.write;
    this.FS.write = (stream, buffer, offset, length, ...rest) => {
      const isFile = stream.path && !stream.path.startsWith('/dev');
      if (isFile) this.clock.spend(this.faults.slow_flash ?? FLASH_MS);
      if (!this.faults.rotten_flash || stream.path !== ROTTEN_FILE)
        return write(stream, buffer, offset, length, ...rest);
      const rotten = buffer.slice(offset, offset + length); // a copy: the badge's own stays right
      rotten[0] ^= 1;
      return write(stream, rotten, 0, length, ...rest);
    };
  }

  /** The person reads what the badge shows. */
  read(text) {
    const asked = /"person": "(\w+)"/.exec(text)?.[1];
    if (asked === 'press') this.pressing = !this.faults.dead_button;
    if (asked === 'speak') this.sound.speak();
    if (asked === 'unplug') this.cutAt = this.clock.now() + CUT_MS;
  }

  #look(now) {
    if (now < Math.min(this.cutAt, this.watchdogAt)) return;
    const isCut = now >= this.cutAt;
    this.cutAt = Infinity;
    this.watchdogAt = Infinity;
    if (isCut && this.faults.torn_write) this.FS.writeFile('/bringup.json', '{"rest": "half');
    this.end(true);
  }

  #isDown(pin) {
    if (![this.board.button?.pin, this.board.side_button?.pin].includes(pin)) return false;
    const since = this.clock.now() % PRESS_MS;
    const isUnsettled = since < (this.faults.bouncing_button ?? 0) && since % (2 * BOUNCE_MS) >= BOUNCE_MS;
    const isPressed = this.pressing && (this.clock.now() % (2 * PRESS_MS) < PRESS_MS) !== isUnsettled;
    return isPressed !== Boolean(this.faults.inverted_button);
  }

  #downLevel() {
    return this.board.button.active_low ? 0 : 1;
  }

  #file(name) {
    try {
      return JSON.parse(fs.readFileSync(path.join(this.folder, name), 'utf8'));
    } catch {
      return {};
    }
  }
}
