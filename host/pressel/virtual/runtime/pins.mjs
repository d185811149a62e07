// GPIO pins: levels set from outside or by the firmware, and who is told of an edge.

const RISING = 1;
const FALLING = 2;

export class Pins {
  constructor() {
    this.levels = new Map();
    this.triggers = new Map();
    this.interrupt = () => {}; // set once the firmware's dispatcher is there
    this.driven = () => {}; // told of every level that the firmware sets
  }

  /** What the shim class `machine.Pin` calls. */
  bridge() {
    return {
      pin_level: (pin) => this.levels.get(pin) ?? 0,
      pin_rest: (pin, level) => {
        if (!this.levels.has(pin)) this.levels.set(pin, level);
        return 0;
      },
      pin_drive: (pin, level) => {
        this.levels.set(pin, level);
        this.driven(pin, level);
        return 0;
      },
      pin_trigger: (pin, trigger) => {
        this.triggers.set(pin, trigger);
        return 0;
      },
    };
  }

  /** Sets a pin from outside; an edge that the firmware asked for reaches its handler. */
  set(pin, level) {
    const before = this.levels.get(pin);
    this.levels.set(pin, level);
    if (before === level) return;
    const edge = level ? RISING : FALLING;
    if ((this.triggers.get(pin) ?? 0) & edge) this.interrupt(pin);
  }
}
