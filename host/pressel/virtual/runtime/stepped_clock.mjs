// The clock of a stepped badge: it stands still until it is moved. It takes the place of Clock, in
// milliseconds of virtual time, whose zero is the caller's matter.

const TICKS_PERIOD_MS = 2 ** 30; // where time.ticks_ms() wraps, on the badge as here
// A step reads the clock a few dozen times. One that reads it this often waits for time to pass
// (time.sleep_ms does so), and so time passes: 1 ms a read.
const READS_MAX = 5000;

export class SteppedClock {
  /** `ticksMs` is what the badge's own clock shows at `startMs`. */
  constructor({ startMs, ticksMs }) {
    this.ms = startMs;
    this.offsetMs = ticksMs - startMs;
    this.reads = 0;
    this.due = []; // {t, action}, in the order they were asked for
  }

  now() {
    return this.ms;
  }

  ticks() {
    this.reads += 1;
    if (this.reads > READS_MAX) this.ms += 1;
    return Math.floor(this.ms + this.offsetMs) % TICKS_PERIOD_MS;
  }

  /** Moves to `t` and does on the way what is due; a time that has passed moves nothing. */
  move(t) {
    this.reads = 0;
    for (let next = this.#next(t); next; next = this.#next(t)) {
      this.cancel(next);
      this.ms = Math.max(this.ms, next.t);
      next.action();
    }
    this.ms = Math.max(this.ms, t);
  }

  at(t, action) {
    const handle = { t, action };
    this.due.push(handle);
    return handle;
  }

  cancel(handle) {
    this.due = this.due.filter((other) => other !== handle);
  }

  /** For housekeeping in real time, of which there is none here. */
  every() {}

  #next(t) {
    let first = null;
    for (const handle of this.due) {
      if (handle.t <= t && (!first || handle.t < first.t)) first = handle;
    }
    return first;
  }
}
