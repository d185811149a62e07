// When the handset's next step is due: after the time it said it may sleep, or at once when a
// datagram has come. Counts how long steps take (the firmware's matter) and how late they start
// (this machine's matter).

import { Histogram } from './histogram.mjs';

export class Steps {
  constructor({ clock, step, failed }) {
    this.clock = clock;
    this.step = step; // returns the milliseconds it may sleep
    this.failed = failed;
    this.timer = null;
    this.dueAt = 0;
    this.count = 0;
    this.durations = new Histogram();
    this.lags = new Histogram();
  }

  start() {
    this.#schedule(this.clock.now());
  }

  /** Brings the next step forward to now. */
  hasten() {
    const now = this.clock.now();
    if (this.timer && this.dueAt > now) this.#schedule(now);
  }

  stop() {
    if (this.timer) this.clock.cancel(this.timer);
    this.timer = null;
  }

  stats() {
    return {
      steps: this.count,
      step_ms_max: this.durations.max,
      step_ms_p95: this.durations.quantile(0.95),
      lag_ms_max: this.lags.max,
      lag_ms_p95: this.lags.quantile(0.95),
    };
  }

  #schedule(due) {
    this.stop();
    this.dueAt = due;
    this.timer = this.clock.at(due, () => this.#run());
  }

  #run() {
    this.timer = null;
    const begun = this.clock.now();
    this.lags.add(Math.max(0, begun - this.dueAt));
    let sleepMs;
    try {
      sleepMs = this.step();
    } catch (error) {
      this.failed(error);
      return;
    }
    const ended = this.clock.now();
    this.count += 1;
    this.durations.add(ended - begun);
    this.#schedule(ended + sleepMs);
  }
}
