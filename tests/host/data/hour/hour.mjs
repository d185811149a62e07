// Runs `_hour.py` on MicroPython with a badge's heap. Memory is collected whenever a call returns.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Ciphers } from '../../../../host/pressel/virtual/runtime/ciphers.mjs';
import { mount } from '../../../../host/pressel/virtual/runtime/files.mjs';
import { loadMicroPython } from '../../../../host/pressel/virtual/runtime/loader.mjs';
import { romImage } from '../../../../host/pressel/virtual/runtime/romfs.mjs';

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' }, // the node_modules folder
    fakes: { type: 'string' }, // an image of the modules that stand for hardware
    flash: { type: 'string' },
    heap: { type: 'string' },
    cycles: { type: 'string' },
    count: { type: 'boolean' }, // instructions instead of memory, in the build with sys.settrace
    seal: { type: 'boolean' }, // what tags and cipher cost in time, with a real AES
  },
});
const cycles = Number(options.cycles);

const badge = await loadMicroPython({
  modules: options.modules,
  heapBytes: Number(options.heap),
  romfs: romImage(fs.readFileSync(options.fakes), options.flash),
  ticks: () => 1000,
  traced: options.count === true,
  stdout: (bytes) => process.stderr.write(bytes),
});
badge.mp.registerJsModule('_bridge', new Ciphers({ bytes: badge.bytes }).bridge());
badge.mp.registerJsModule('_host', {
  now_us: () => performance.now() * 1000,
  uncap: () => {
    badge.uncap();
    return 0;
  },
});
try {
  mount(badge.FS, options.flash, '/');
  badge.mp.runPython("import os, sys; os.chdir('/'); sys.path[:] = ['', '/a', '/lib', '/rom']");
  badge.mp.runPython("import gc, _world; gc.collect()");
  const hour = badge.mp.pyimport('_hour');
  const manifest = fs.readFileSync(path.join(options.flash, 'manifest.json'), 'utf8');
  for (const name of JSON.parse(manifest).imports) hour.load(name);
  while (!hour.build(cycles));
  if (options.seal) hour.watch_seal();
  if (options.count) hour.count();
  for (let done = 0; done < cycles;) {
    if (hour.run()) {
      hour.mark();
      done += 1;
    }
  }
  const report = options.seal ? hour.seal_report : options.count ? hour.count_report : hour.report;
  process.stdout.write(`${report()}\n`);
} catch (error) {
  badge.uncap();
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
