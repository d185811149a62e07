// MicroPython without a badge around it: for the engines of shared/ptt, their tests and scripts.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ciphers } from './ciphers.mjs';
import { Clock } from './clock.mjs';
import { mount } from './files.mjs';
import { loadMicroPython } from './loader.mjs';

const SHIMS = fileURLToPath(new URL('../shims', import.meta.url));
const CIPHER_SHIMS = ['_buffer.py', 'cryptolib.py']; // computing only, and every badge has it

/** Options of parseArgs that every program of this kind takes. */
export const BARE_OPTIONS = {
  modules: { type: 'string' }, // the node_modules folder
  package: { type: 'string', multiple: true, default: [] }, // folders to be imported by their names
  folder: { type: 'string' }, // where the files to run and the modules beside them lie
  beside: { type: 'string', multiple: true, default: [] }, // data, to lie beside that folder
  heap: { type: 'string', default: String(2 << 20) },
  capped: { type: 'boolean', default: false }, // forbid the heap to grow
  traced: { type: 'boolean', default: false }, // the build that has sys.settrace
};

/**
 * Loads MicroPython with the packages in /lib and `folder` in its place below /tree, so that a module
 * beside a test can be imported both as `venue` and as `tests.shared.venue`. `place` is that place.
 */
export async function loadBare(options, stdout) {
  const clock = new Clock();
  const loaded = await loadMicroPython({
    modules: options.modules,
    heapBytes: Number(options.heap),
    pystackWords: 8192,
    capped: options.capped,
    traced: options.traced,
    ticks: () => clock.ticks(),
    stdout,
  });
  loaded.mp.registerJsModule('_bridge', new Ciphers(loaded).bridge());
  loaded.FS.mkdir('/lib');
  for (const name of CIPHER_SHIMS) mount(loaded.FS, path.join(SHIMS, name), `/lib/${name}`);
  for (const folder of options.package) {
    mount(loaded.FS, folder, `/lib/${path.basename(folder)}`);
  }
  const folder = path.resolve(options.folder);
  const above = `/tree/${path.basename(path.dirname(folder))}`;
  const place = `${above}/${path.basename(folder)}`;
  loaded.FS.mkdir('/tree');
  loaded.FS.mkdir(above);
  mount(loaded.FS, folder, place);
  for (const data of options.beside) {
    mount(loaded.FS, data, `${above}/${path.basename(data)}`);
  }
  loaded.mp.runPython(`import sys; sys.path[:] = ['/tree', '${place}', '/lib']`);
  return { ...loaded, place };
}
