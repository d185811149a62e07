// What a virtual badge hears from and says to its parent: JSON lines on stdin and stdout. The end
// of stdin means that the parent is gone.

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
