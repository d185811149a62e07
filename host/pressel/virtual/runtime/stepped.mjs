// The stepped badge: the firmware of badge.mjs in virtual time. Nothing happens but by command, one
// answer each; there are no timers and no sockets, and chance comes from a seed.
//
// Commands (see pipe.mjs for the frame; `stepped/frames.py` is the other end):
//   1 step   f64 now_ms; u16 count of deeds, each u8 kind and its values; u16 count of datagrams,
//            each 4 bytes of address, u16 port; as many of the multicast address and port that it
//            was sent to (0: to this badge alone); u16 length, bytes
//            deeds: 1 pin (u8 pin, u8 level)  2 speak (f64 at, u32 length, s16le samples)
//                   3 fail sends (u32 count)  4 fault (u32 length, JSON; see faults.mjs)
//   2 stats  3 cut (the power is gone: saves the flash and ends)
// Answers; the first one, to no command, is that of the boot:
//   1 stepped, 2 reset (by the firmware; this process has ended):
//            u32 sleep_ms; u32 datagrams dropped; u16 count of datagrams, each 4 bytes of address,
//            u16 port, u16 length, bytes; u16 count of
//            pins set, each u8 and u8; u16 count of sounds played, each f64 t, u32 length, bytes;
//            u32 length, lines printed
//   3 crashed (u32 length, traceback; this process has ended)  4 stats (u32 length, JSON)  5 cut

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Audio } from './audio.mjs';
import { Ciphers } from './ciphers.mjs';
import { Lines } from './control.mjs';
import { Entropy } from './entropy.mjs';
import { Faults } from './faults.mjs';
import { Flash } from './files.mjs';
import { Heap } from './heap.mjs';
import { loadMicroPython } from './loader.mjs';
import { Input, Output, Pipe } from './pipe.mjs';
import { Pins } from './pins.mjs';
import { romImage } from './romfs.mjs';
import { SteppedClock } from './stepped_clock.mjs';
import { SteppedUdp } from './stepped_udp.mjs';
import { Silent, Tape } from './tape.mjs';

const STEP = 1;
const STATS = 2;
const CUT = 3;
const STEPPED = 1;
const RESET = 2;
const CRASHED = 3;
const STATS_ARE = 4;
const IS_CUT = 5;
const PIN = 1;
const SPEAK = 2;
const FAIL_SENDS = 3;
const FAULT = 4;

// A step that wants no sleep is followed by another at the same time, but not for ever: on hardware
// each takes a millisecond.
const STEPS_AT_ONCE_MAX = 4;
const SLEEP_MS_MIN = 1;
// The badge's calendar begins with the year 2000, as that of an ESP32 that nobody told the date.
const CALENDAR_MS = Date.UTC(2000, 0, 1);

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' }, // the node_modules folder
    shims: { type: 'string' }, // an image of the modules that stand for hardware
    flash: { type: 'string' },
    heap: { type: 'string' }, // bytes for the firmware
    'stand-ins': { type: 'string', default: '0' }, // bytes more, for what stands in for C modules
    pystack: { type: 'string', default: '2048' },
    id: { type: 'string' }, // machine.unique_id(), hexadecimal
    seed: { type: 'string' }, // 32 bits
    start: { type: 'string' }, // ms of virtual time
    ticks: { type: 'string' }, // what time.ticks_ms() gives then
  },
});

const clock = new SteppedClock({ startMs: Number(options.start), ticksMs: Number(options.ticks) });
const entropy = new Entropy(Number(options.seed));
const pipe = new Pipe();
const output = new Output();
let printed = '';
const lines = new Lines((line) => {
  printed += `${line}\n`;
});
const tapes = [];
const driven = [];
const python = { step: null };
const counted = { steps: 0 };

const heap = new Heap(options);

const badge = await loadMicroPython({
  modules: options.modules,
  heapBytes: heap.wholeBytes,
  pystackWords: Number(options.pystack),
  romfs: romImage(fs.readFileSync(options.shims), options.flash),
  ticks: () => clock.ticks(),
  date: () => CALENDAR_MS + Math.floor(clock.now()),
  random: () => entropy.word(),
  stdout: (bytes) => lines.write(bytes),
});
const { mp, FS, bytes } = badge;

const pins = new Pins();
pins.driven = (pin, level) => driven.push([pin, level]);
const audio = new Audio({ clock, bytes, emit: () => {}, record });
const udp = new SteppedUdp({ bytes });
const faults = new Faults({ clock, pins });
delete faults.kinds.stall; // time here does not go on by itself
const flash = new Flash(FS, options.flash);

mp.registerJsModule('_bridge', {
  ...pins.bridge(),
  ...faults.wrap({ ...audio.bridge(), ...udp.bridge() }),
  ...new Ciphers({ bytes }).bridge(),
  unique_id: () => options.id,
  fill_random: (address, length) => {
    entropy.fill(bytes(address, length));
    return 0;
  },
  reset: () => end(RESET, () => tell(0, 0)),
  uncap: () => {
    badge.uncap();
    return 0;
  },
});

attempt(boot);
answer(STEPPED, () => tell(0, 0));
for (let frame = pipe.read(); frame; frame = pipe.read()) attempt(() => obey(new Input(frame)));
flash.save();
process.exit(0);

function boot() {
  flash.load();
  mp.runPython("import os, sys; os.chdir('/'); sys.path[:] = ['', '/lib', '/rom']");
  const handset = mp.pyimport('_handset');
  handset.choose();
  pins.interrupt = (pin) => handset.interrupt(pin);
  // Each module in a call of its own: garbage is collected only when a call returns.
  const manifest = fs.readFileSync(path.join(options.flash, 'manifest.json'), 'utf8');
  for (const name of JSON.parse(manifest).imports ?? []) handset.load(name);
  while (!handset.build()); // garbage is collected between its stages
  python.step = handset.step;
  heap.used = handset.heap;
}

function obey(input) {
  const command = input.u8();
  if (command === STEP) step(input);
  else if (command === STATS) answer(STATS_ARE, () => output.text(JSON.stringify(stats())));
  else if (command === CUT) end(IS_CUT, () => {});
  else throw new Error(`there is no command ${command}`);
}

function step(input) {
  const nowMs = input.f64();
  const deeds = readDeeds(input); // sound is for the time up to now too, so it comes first
  clock.move(nowMs);
  for (const deed of deeds) deed();
  let dropped = 0;
  for (let left = input.u16(); left > 0; left -= 1) {
    const address = [...input.bytes(4)];
    const port = input.u16();
    const many = { group: [...input.bytes(4)].join('.'), port: input.u16() };
    const data = input.bytes(input.u16());
    if (!faults.isCut && !udp.arrive(data, address, port, many.port ? many : null)) dropped += 1;
  }
  let sleepMs = 0;
  for (let left = STEPS_AT_ONCE_MAX; left > 0 && (sleepMs === 0 || udp.isWaiting); left -= 1) {
    sleepMs = python.step();
    counted.steps += 1;
  }
  audio.flush(); // what has played by now
  const spentMs = Math.ceil(clock.now() - nowMs); // by a firmware that waited
  answer(STEPPED, () => tell(Math.max(SLEEP_MS_MIN, sleepMs) + Math.max(0, spentMs), dropped));
}

function readDeeds(input) {
  const deeds = [];
  for (let left = input.u16(); left > 0; left -= 1) {
    const kind = input.u8();
    if (kind === PIN) {
      const pin = input.u8();
      const level = input.u8();
      deeds.push(() => pins.set(pin, level));
    } else if (kind === SPEAK) {
      const at = input.f64();
      const sound = input.bytes(input.u32());
      const samples = new Int16Array(new Uint8Array(sound).buffer);
      for (const { id, mode } of audio.stats()) if (mode === 'rx') audio.speak(id, samples, at);
    } else if (kind === FAIL_SENDS) {
      udp.failures = input.u32();
    } else if (kind === FAULT) {
      const fault = JSON.parse(Buffer.from(input.bytes(input.u32())).toString());
      deeds.push(() => faults.begin(fault));
    } else {
      throw new Error(`there is no deed ${kind}`);
    }
  }
  return deeds;
}

function record({ mode, rate }) {
  if (mode === 'rx') return new Silent();
  const tape = new Tape({ clock, rate });
  tapes.push(tape);
  return tape;
}

// --- answers ---

function tell(sleepMs, dropped) {
  output.u32(sleepMs);
  output.u32(dropped);
  const sent = udp.takeSent();
  output.u16(sent.length);
  for (const { data, address, port } of sent) {
    output.bytes(address);
    output.u16(port);
    output.u16(data.length);
    output.bytes(data);
  }
  output.u16(driven.length);
  for (const [pin, level] of driven.splice(0)) {
    output.u8(pin);
    output.u8(level);
  }
  tellSounds(tapes.flatMap((tape) => tape.take()));
  output.text(printed);
  printed = '';
}

function tellSounds(sounds) {
  output.u16(sounds.length);
  for (const { t, pcm } of sounds) {
    output.f64(t);
    output.u32(pcm.reduce((sum, block) => sum + block.length, 0));
    for (const block of pcm) output.bytes(block);
  }
}

function stats() {
  return {
    ...heap.stats(),
    ...counted,
    ...udp.stats,
    faults: faults.stats,
    i2s: audio.stats(),
  };
}

function answer(kind, write) {
  output.begin(kind);
  write();
  if (!pipe.write(output)) process.exit(0);
}

/** The last answer: the badge is off. */
function end(kind, write) {
  flash.save();
  answer(kind, write);
  process.exit(0);
}

function attempt(action) {
  try {
    action();
  } catch (error) {
    const text = String(error.name === 'PythonError' ? error.message : error.stack).trimEnd();
    process.stderr.write(`${text}\n`);
    end(CRASHED, () => output.text(text));
  }
}
