// MicroPython's REPL over stdin and stdout for an emulated badge: real MicroPython, with the shims
// of the virtual badge and a host folder as flash. Exit code 4: soft reset, 5: soft reset that came
// from the raw REPL (nothing of the flash is run then).

import fs from 'node:fs';
import { parseArgs } from 'node:util';

import { Flash } from '../virtual/runtime/files.mjs';
import { loadMicroPython } from '../virtual/runtime/loader.mjs';
import { romImage } from '../virtual/runtime/romfs.mjs';
import { Bench } from './bench/bench.mjs';

const SOFT_RESET = 4;
const SOFT_RESET_RAW = 5;
const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' },
    shims: { type: 'string' },
    flash: { type: 'string' },
    id: { type: 'string' },
    chip: { type: 'string' },
    raw: { type: 'boolean', default: false },
    faults: { type: 'string', default: '{}' }, // of the bench, JSON
  },
});
const say = (text) => fs.writeSync(1, Buffer.from(text, 'latin1'));
const bench = new Bench({
  faults: JSON.parse(options.faults), chip: options.chip, flash: options.flash,
  end: () => end(SOFT_RESET),
});
let shown = ''; // the line that is being printed
const { mp, FS, bytes } = await loadMicroPython({
  modules: options.modules, heapBytes: bench.heapBytes, capped: bench.isSmall,
  romfs: romImage(fs.readFileSync(options.shims), options.flash), ticks: () => bench.clock.ticks(),
  stdout: (chunk) => {
    fs.writeSync(1, chunk);
    shown += Buffer.from(chunk).toString('latin1');
    const lines = shown.split('\n');
    shown = lines.pop();
    lines.forEach((line) => bench.read(line));
  },
});
const flash = new Flash(FS, options.flash);
flash.load();
mp.registerJsModule('_bridge', {
  ...bench.bridge({ bytes, FS }),
  unique_id: () => options.id,
  fill_random: (address, length) => { crypto.getRandomValues(bytes(address, length)); return 0; },
  reset: () => end(SOFT_RESET),
  uncap: () => 0,
});
mp.runPython("import os, sys; os.chdir('/'); sys.path[:] = ['', '/lib', '/rom']");
bench.prepare(mp);
mp.replInit();
let isRaw = false;
let isLineEmpty = true;
let held = '';
if (options.raw) feed(1);

process.stdin.on('data', (chunk) => { for (const byte of chunk) take(byte); });
process.stdin.on('end', () => end(0));

function end(code) {
  flash.save();
  process.exit(code);
}

// Raw-paste is refused with R 00, as the protocol allows; mpremote then uses the plain raw REPL.
function take(byte) {
  if (isRaw && isLineEmpty) {
    held += String.fromCharCode(byte);
    if (held === '\x05A\x01') { held = ''; say('R\x00'); return; }
    if ('\x05A\x01'.startsWith(held)) return;
    for (const character of held) feed(character.charCodeAt(0));
    held = '';
    return;
  }
  feed(byte);
}

function feed(byte) {
  if (byte === 1) isRaw = true;
  else if (byte === 2) isRaw = false;
  if (byte === 4 && isLineEmpty) {
    say(isRaw ? 'OK\r\nMPY: soft reboot\r\n' : '\r\nMPY: soft reboot\r\n');
    end(isRaw ? SOFT_RESET_RAW : SOFT_RESET);
  }
  mp.replProcessChar(byte);
  isLineEmpty = byte < 32 && byte !== 10 && byte !== 9;
  if (byte === 4) flash.save();
}
