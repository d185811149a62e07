// The clock of a badge on the bench: virtual time that passes because somebody looks at it, and by
// what the models of the hardware take. It takes the place of Clock, so that an hour costs seconds.

const TICKS_PERIOD_MS = 2 ** 30; // where time.ticks_ms() wraps, on the badge as here
const READ_MS = 0.25; // what passes between two looks at the clock
const JUMP_EACH_MS = 3000;

export class BenchClock {
  /** `jumpMs`: how far it jumps now and then. */
  constructor(jumpMs = 0) {
    this.ms = 1000;
    this.jumpMs = jumpMs;
    this.jumpAt = this.ms + JUMP_EACH_MS;
    this.watchers = []; // told the time at each look
  }

  now() {
    return this.ms;
  }

  ticks() {
    this.spend(READ_MS);
    return Math.floor(this.ms) % TICKS_PERIOD_MS;
  }

  spend(ms) {
    this.ms += ms;
    if (this.jumpMs && this.ms >= this.jumpAt) {
      this.ms += this.jumpMs;
      this.jumpAt = this.ms + JUMP_EACH_MS;
    }
    for (const watch of this.watchers) watch(this.ms);
  }

  /** For housekeeping in real time, of which there is none here. */
  every() {}
}
