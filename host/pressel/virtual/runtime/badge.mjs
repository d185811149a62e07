// The virtual badge: real firmware on real MicroPython in one Node process, with fakes only where
// the hardware would be. This file joins the parts; control.mjs tells of stdin and stdout.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Air } from './air.mjs';
import { Audio } from './audio.mjs';
import { Ciphers } from './ciphers.mjs';
import { Clock } from './clock.mjs';
import { Control, Lines } from './control.mjs';
import { Faults } from './faults.mjs';
import { Flash } from './files.mjs';
import { Heap } from './heap.mjs';
import { LoadError, loadMicroPython } from './loader.mjs';
import { Pins } from './pins.mjs';
import { romImage } from './romfs.mjs';
import { Steps } from './steps.mjs';
import { Udp } from './udp.mjs';

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_RESET = 3; // the firmware asked for machine.reset()

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' }, // the node_modules folder
    shims: { type: 'string' }, // an image of the modules that stand for hardware
    flash: { type: 'string' },
    recordings: { type: 'string' },
    heap: { type: 'string' }, // bytes for the firmware
    'stand-ins': { type: 'string', default: '0' }, // bytes more, for what stands in for C modules
    pystack: { type: 'string', default: '2048' },
    id: { type: 'string', default: '020000000001' }, // machine.unique_id(), hexadecimal
    trace: { type: 'string' }, // write executed lines to this file; needs .py files in the flash
  },
});
const heap = new Heap(options);

const clock = new Clock();
const control = new Control({ clock, commands: commands(), ended: () => finish(EXIT_OK) });
const emit = (event) => control.emit(event);
const lines = new Lines((line) => emit({ event: 'log', line }));

let badge;
try {
  badge = await loadMicroPython({
    modules: options.modules,
    heapBytes: heap.wholeBytes,
    pystackWords: Number(options.pystack),
    capped: !options.trace,
    traced: Boolean(options.trace),
    romfs: romImage(fs.readFileSync(options.shims), options.flash),
    ticks: () => clock.ticks(),
    stdout: (bytes) => lines.write(bytes),
  });
} catch (error) {
  if (!(error instanceof LoadError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(EXIT_FAILED);
}
const { mp, FS, bytes } = badge;

const pins = new Pins();
const audio = new Audio({ clock, bytes, folder: options.recordings, emit });
const udp = new Udp({ bytes, arrived: () => steps.hasten() });
const air = new Air();
const faults = new Faults({ clock, pins });
const flash = new Flash(FS, options.flash);
const python = { step: null, lines: null };
const steps = new Steps({ clock, step: () => python.step(), failed: crash });

mp.registerJsModule('_bridge', {
  ...pins.bridge(),
  ...faults.wrap({ ...audio.bridge(), ...udp.bridge() }),
  ...air.bridge(),
  ...new Ciphers({ bytes }).bridge(),
  unique_id: () => options.id,
  fill_random: (address, length) => {
    crypto.getRandomValues(bytes(address, length));
    return 0;
  },
  reset: () => {
    emit({ event: 'reset' });
    finish(EXIT_RESET);
  },
  uncap: () => {
    badge.uncap();
    return 0;
  },
});

try {
  boot();
} catch (error) {
  crash(error);
}
emit({ event: 'ready' });
steps.start();
control.listen();
process.on('SIGINT', () => {}); // a Ctrl-C reaches the parent too, which then ends us in order

function boot() {
  flash.load();
  mp.runPython("import os, sys; os.chdir('/'); sys.path[:] = ['', '/lib', '/rom']");
  const handset = mp.pyimport('_handset');
  handset.choose();
  pins.interrupt = (pin) => {
    try {
      handset.interrupt(pin);
    } catch (error) {
      crash(error);
    }
  };
  if (options.trace) {
    const trace = mp.pyimport('_trace');
    python.lines = trace.report;
    trace.start();
  }
  // Each module in a call of its own: garbage is collected only when a call returns.
  for (const name of importOrder()) handset.load(name);
  while (!handset.build()); // garbage is collected between its stages
  python.step = handset.step;
  heap.used = handset.heap;
}

// The builder of the firmware notes in which order its modules need each other.
function importOrder() {
  const manifest = path.join(options.flash, 'manifest.json');
  if (!fs.existsSync(manifest)) return [];
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).imports ?? [];
}

function commands() {
  return {
    pin: ({ pin, level }, at) => {
      clock.at(at, () => {
        pins.set(pin, level);
        emit({ event: 'pin', pin, level });
      });
    },
    speak: ({ id, pcm }, at) => {
      const file = fs.readFileSync(pcm);
      const samples = new Int16Array(new Uint8Array(file).buffer, 0, file.length >> 1);
      const times = audio.speak(id, samples, at);
      if (!times) throw new Error(`I2S ${id} is not a receiver`);
      emit({ event: 'spoke', id, ...times });
    },
    fault: (fault, at) => faults.plan(fault, at),
    air: ({ points }, at) => {
      const checked = air.check(points);
      clock.at(at, () => Object.assign(air, { points: checked }));
    },
    stats: (_command, at) => clock.at(at, () => emit(stats())),
    quit: (_command, at) => clock.at(at, () => finish(EXIT_OK)),
  };
}

function stats() {
  return {
    event: 'stats',
    ...heap.stats(),
    ...steps.stats(),
    ...udp.stats,
    faults: faults.stats,
    i2s: audio.stats(),
  };
}

function crash(error) {
  const text = String(error.message).trimEnd();
  lines.close();
  process.stderr.write(`${text}\n`);
  emit({ event: 'crashed', error: text.split('\n').at(-1), traceback: text });
  finish(EXIT_FAILED);
}

function finish(code) {
  steps.stop();
  lines.close();
  audio.flush();
  if (options.trace && python.lines) fs.writeFileSync(options.trace, python.lines());
  flash.save();
  emit(stats());
  process.exit(code);
}
