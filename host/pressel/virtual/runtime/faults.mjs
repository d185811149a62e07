// Faults of a badge's hardware, by command. They stand between the firmware and the models, so that
// the models themselves stay what a sound part does.
//
//   late_microphone  {"ms"}: nothing can be read for so long; then all comes that the DMA kept
//   deaf_speaker     {"ms"}: takes nothing for so long, and so runs dry
//   no_memory        {"sends"}: the next sends fail with ENOMEM
//   bounce           {"pin", "level", "edges", "ms"}: the pin settles at `level` after so many edges,
//                    which come in so many ms
//   networks         {"known"}: only these networks are there, by name with their passwords; who
//                    wants another one, or has a letter wrong, reaches nobody
//   stall            {"ms"}: the whole badge stands still, as while its flash is erased; a stepped
//                    badge is not stepped instead

const ENOMEM = 12;
const EHOSTUNREACH = 113;

export class Faults {
  constructor({ clock, pins }) {
    Object.assign(this, { clock, pins });
    this.lateUntil = 0;
    this.deafUntil = 0;
    this.failing = 0;
    this.known = null; // every network is there
    this.wanted = [];
    this.stats = { reads_refused: 0, writes_refused: 0, sends_refused: 0 };
    this.kinds = {
      late_microphone: ({ ms }) => { this.lateUntil = this.clock.now() + ms; },
      deaf_speaker: ({ ms }) => { this.deafUntil = this.clock.now() + ms; },
      no_memory: ({ sends }) => { this.failing = sends; },
      networks: ({ known }) => { this.known = known; },
      bounce: (fault) => this.#bounce(fault),
      stall: ({ ms }) => {
        for (const end = this.clock.now() + ms; this.clock.now() < end;);
      },
    };
  }

  /** Whether the network that the firmware has asked for is none. */
  get isCut() {
    const [name, password] = this.wanted;
    return this.known !== null && name !== undefined && this.known[name] !== password;
  }

  /** Begins a fault now. Throws for one that does not exist. */
  begin(fault) {
    this.#find(fault)(fault);
  }

  /** Begins it at `at`. */
  plan(fault, at) {
    const begin = this.#find(fault);
    this.clock.at(at, () => begin(fault));
  }

  /** The bridge of sound and radio with the faults in it. */
  wrap(bridge) {
    const isLate = () => this.clock.now() < this.lateUntil;
    const isDeaf = () => this.clock.now() < this.deafUntil;
    return {
      ...bridge,
      i2s_read: (...args) => (isLate() ? this.#refuse('reads') : bridge.i2s_read(...args)),
      i2s_readable: (id) => !isLate() && bridge.i2s_readable(id),
      i2s_write: (...args) => (isDeaf() ? this.#refuse('writes') : bridge.i2s_write(...args)),
      i2s_writable: (id) => !isDeaf() && bridge.i2s_writable(id),
      wifi_join: (name, password) => {
        this.wanted = [name, password];
        return 0;
      },
      wifi_is_cut: () => this.isCut,
      udp_send: (...args) => {
        if (this.isCut) return -EHOSTUNREACH;
        if (this.failing <= 0) return bridge.udp_send(...args);
        this.failing -= 1;
        this.#refuse('sends');
        return -ENOMEM;
      },
    };
  }

  #find({ kind }) {
    if (!Object.hasOwn(this.kinds, kind)) throw new Error(`there is no fault "${kind}"`);
    return this.kinds[kind];
  }

  #refuse(what) {
    this.stats[`${what}_refused`] += 1;
    return 0;
  }

  #bounce({ pin, level, edges, ms }) {
    const begun = this.clock.now();
    for (let left = edges - 1; left >= 0; left -= 1) {
      const at = begun + (ms * (edges - 1 - left)) / Math.max(1, edges - 1);
      this.clock.at(at, () => this.pins.set(pin, left % 2 ? 1 - level : level));
    }
  }
}
