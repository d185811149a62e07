// What a speaker played since it was last asked, as runs of samples with the time of their first.
// Blocks of silence are left out. It takes the place of a Timeline; `Silent` is for a microphone,
// whose sound the caller knows.

export class Tape {
  constructor({ clock, rate }) {
    this.t0 = clock.now();
    this.perMs = rate / 1000;
    this.samples = 0; // since t0
    this.runs = []; // {t, pcm: [Buffer]}
    this.isRunning = false; // the last block was sound
  }

  append(block) {
    const isSound = block.some((sample) => sample !== 0);
    if (isSound) {
      if (!this.isRunning) this.runs.push({ t: this.t0 + this.samples / this.perMs, pcm: [] });
      const pcm = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
      this.runs.at(-1).pcm.push(pcm);
    }
    this.isRunning = isSound;
    this.samples += block.length;
  }

  take() {
    const runs = this.runs;
    this.runs = [];
    this.isRunning = false; // what goes on is a new run
    return runs;
  }

  flush() {}

  close() {}
}

export class Silent {
  append() {}

  flush() {}

  close() {}
}
