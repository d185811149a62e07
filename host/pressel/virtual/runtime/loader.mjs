// Loads the pinned MicroPython build with a heap that cannot grow past its size, with the badge's
// clock and with the error numbers a badge raises. It knows nothing of badges beyond that.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGE = '@micropython/micropython-webassembly-pyscript';
const PACKAGE_VERSION = '1.29.0-6';

// The build may enlarge its heap by a constant of 128 MiB (gc_get_max_new_split). The patch turns
// `i32.const 134217728` into `i32.load [64]`, of the same length: a word that we set.
const GROWTH_CONSTANT = Buffer.from('41808080c0000b', 'hex');
const GROWTH_LOAD = Buffer.from('41c0002802000b', 'hex');
const GROWTH_ADDRESS = 64; // an unused word at the far end of the wasm stack
const GROWTH_UNLIMITED_BYTES = 1 << 27;

// WASI error numbers (what this build's C library has) -> those of MicroPython's `errno`.
const ERRNO = new Map([
  [2, 13], [8, 9], [10, 16], [20, 17], [28, 22], [29, 5], [31, 21], [33, 24], [37, 36], [44, 2],
  [48, 12], [51, 28], [52, 38], [54, 20], [55, 39], [63, 1], [69, 30], [70, 29], [75, 18], [76, 1],
]);

export class LoadError extends Error {}

/**
 * Starts MicroPython. `heapBytes` and `pystackWords` size it; `capped` forbids growth;
 * `traced` takes the build that has sys.settrace. `romfs` is an image for /rom. `stdout` receives
 * bytes as they are printed. `random` (a 32-bit number) and `date` (ms since 1970) take the places
 * of the host's chance and date where given.
 */
export async function loadMicroPython({
  modules, heapBytes, pystackWords = 2048, capped = true, traced = false, romfs, ticks, stdout,
  random, date,
}) {
  const folder = path.join(modules, PACKAGE);
  checkPackage(folder);
  const wasm = path.join(folder, traced ? 'micropython-settrace.wasm' : 'micropython.wasm');
  const module = await import(pathToFileURL(path.join(folder, 'micropython.mjs')).href);

  let memory;
  const restore = replaceInstantiate(async (instantiate, imports) => {
    imports.env.mp_js_ticks_ms = ticks;
    if (random) imports.env.mp_js_random_u32 = random;
    if (date) imports.env.mp_js_time_ms = date;
    translateErrors(imports.env);
    const result = await instantiate(patchGrowth(fs.readFileSync(wasm)), imports);
    memory = result.instance.exports.memory;
    return result;
  });
  let mp;
  try {
    mp = await module.loadMicroPython({
      heapsize: heapBytes, pystack: pystackWords, url: wasm, romfs, stdout, linebuffer: false,
    });
  } finally {
    restore();
  }
  const setGrowth = (bytes) =>
    new DataView(memory.buffer).setUint32(GROWTH_ADDRESS, bytes, true);
  setGrowth(capped ? 0 : GROWTH_UNLIMITED_BYTES);
  return {
    mp,
    FS: mp.FS,
    /** Lets the heap grow: only for telling of an error when there is no memory left. */
    uncap: () => setGrowth(GROWTH_UNLIMITED_BYTES),
    /** A view of `length` bytes at `address`; not to be kept, for the memory may move. */
    bytes: (address, length) => new Uint8Array(memory.buffer, address, length),
  };
}

function checkPackage(folder) {
  const manifest = path.join(folder, 'package.json');
  if (!fs.existsSync(manifest)) {
    throw new LoadError(`MicroPython (${PACKAGE}) is not installed: run "make setup".`);
  }
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  if (version !== PACKAGE_VERSION) {
    throw new LoadError(
      `${PACKAGE} is ${version}, this runtime is made for ${PACKAGE_VERSION}: run "make setup".`);
  }
}

function patchGrowth(wasm) {
  const at = wasm.indexOf(GROWTH_CONSTANT);
  if (at < 0 || wasm.indexOf(GROWTH_CONSTANT, at + 1) >= 0) {
    throw new LoadError('The MicroPython build changed: its heap can no longer be capped.');
  }
  GROWTH_LOAD.copy(wasm, at);
  return wasm;
}

// The package offers no hook for its imports, so its one call of instantiate() is replaced.
function replaceInstantiate(replacement) {
  const { instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = undefined;
  WebAssembly.instantiate = (_source, imports) =>
    replacement(instantiate.bind(WebAssembly), imports);
  return () => Object.assign(WebAssembly, { instantiate, instantiateStreaming });
}

function translateErrors(env) {
  for (const name of Object.keys(env).filter((key) => key.startsWith('__syscall_'))) {
    const call = env[name];
    env[name] = (...args) => {
      const result = call(...args);
      return result < 0 && ERRNO.has(-result) ? -ERRNO.get(-result) : result;
    };
  }
}
