// What a virtual badge hears from and says to its parent: JSON lines on stdin and stdout. The end
// of stdin means that the parent is gone, and so the badge goes too.
//
// Commands; each may carry "at", the time when it is to be done:
//   {"cmd": "pin", "pin": 0, "level": 0}            an input pin gets a level
//   {"cmd": "speak", "id": 0, "pcm": "file"}        I2S receiver 0 hears s16le mono samples
//   {"cmd": "fault", "kind": "no_memory", "sends": 3}   see faults.mjs
//   {"cmd": "air", "points": {"020000000001": -80}}     access points in reach and their dBm
//   {"cmd": "stats"}  {"cmd": "quit"}
// Events; "t" is the time, as all times in milliseconds of CLOCK_MONOTONIC:
//   ready     the firmware is built and about to be stepped
//   log       "line": what the firmware printed
//   i2s       "id", "mode" (rx, tx), "rate", "t0", "file": a port was opened, its recording began
//   pin       "pin", "level": the command was done
//   spoke     "id", "first_t", "last_t": when the first and the last sample are heard (told at once)
//   stats     heap_*, steps, step_ms_*, lag_ms_*, datagrams_*, mailbox_dropped, send_failed, i2s
//   refused   "cmd", "reason": a command that cannot be done
//   reset     the firmware called machine.reset(); exit code 3
//   crashed   "error", "traceback": the firmware raised; exit code 1

import { StringDecoder } from 'node:string_decoder';

export class Control {
  constructor({ clock, commands, ended }) {
    this.clock = clock;
    this.commands = commands; // name -> function(command, at)
    this.ended = ended;
    process.stdout.on('error', () => ended()); // nobody reads any more
  }

  emit(event) {
    process.stdout.write(`${JSON.stringify({ t: this.clock.now(), ...event })}\n`);
  }

  listen() {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    process.stdin.on('data', (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop();
      lines.filter((line) => line.trim()).forEach((line) => this.#obey(line));
    });
    process.stdin.on('end', () => this.ended());
    process.stdin.on('error', () => this.ended());
  }

  #obey(line) {
    let command = {};
    try {
      command = JSON.parse(line);
      const act = this.commands[command.cmd];
      if (!act) throw new Error(`there is no command "${command.cmd}"`);
      act(command, command.at ?? this.clock.now());
    } catch (error) {
      this.emit({ event: 'refused', cmd: command.cmd ?? '', reason: error.message });
    }
  }
}

/** Cuts the bytes that the firmware prints into lines. */
export class Lines {
  constructor(emit) {
    this.emit = emit;
    this.bytes = [];
  }

  write(chunk) {
    for (const byte of chunk) {
      if (byte === 10) this.#end();
      else if (byte !== 13) this.bytes.push(byte);
    }
  }

  /** Hands over a last line that lacks its end. */
  close() {
    if (this.bytes.length) this.#end();
  }

  #end() {
    this.emit(Buffer.from(this.bytes).toString('utf8'));
    this.bytes = [];
  }
}
