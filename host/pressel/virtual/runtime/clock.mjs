// The one clock of a virtual badge: float milliseconds of CLOCK_MONOTONIC, the time base that all
// processes of this host share (`time.monotonic_ns() / 1e6` in Python). Everything that asks for
// the time or waits for it does so here, so that a world-stepped clock can take this one's place.

const TICKS_PERIOD_MS = 2 ** 30; // where time.ticks_ms() wraps, on the badge as here
// Node's timers count whole milliseconds from a cached time and may fire a little early.
const EARLY_MS = 0.5;

export class Clock {
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  }

  ticks() {
    return Math.floor(this.now()) % TICKS_PERIOD_MS;
  }

  /** Calls action() once `t` is reached; returns a handle for cancel(). */
  at(t, action) {
    const handle = { timer: undefined, immediate: undefined };
    const arm = () => {
      const wait = t - this.now();
      if (wait <= EARLY_MS) handle.immediate = setImmediate(action);
      else handle.timer = setTimeout(fire, wait);
    };
    const fire = () => (t - this.now() > EARLY_MS ? arm() : action());
    arm();
    return handle;
  }

  cancel(handle) {
    clearTimeout(handle.timer);
    clearImmediate(handle.immediate);
  }

  every(periodMs, action) {
    return setInterval(action, periodMs);
  }
}
