// Runs one Python file in MicroPython as __main__; its output passes through, byte for byte.
// Memory is not collected before the script ends, so a script should not be a long one.

import fs from 'node:fs';
import { parseArgs } from 'node:util';

import { BARE_OPTIONS, loadBare } from './bare.mjs';
import { LoadError } from './loader.mjs';

const OUTPUT_BYTES = 1 << 16; // kept before it is written

const { values: options, positionals: [script, ...args] } = parseArgs({
  options: BARE_OPTIONS, allowPositionals: true,
});

const output = Buffer.alloc(OUTPUT_BYTES);
let filled = 0;

function flush() {
  for (let done = 0; done < filled;) done += fs.writeSync(1, output, done, filled - done);
  filled = 0;
}

function print(bytes) {
  for (const byte of bytes) {
    output[filled] = byte;
    filled += 1;
    if (filled === OUTPUT_BYTES) flush();
  }
}

let code = 0;
try {
  const { mp, place } = await loadBare(options, print);
  mp.registerJsModule('_arguments', {
    text: JSON.stringify([script, ...args]),
    file: `${place}/${script}`,
  });
  mp.runPython(`
import json, sys, _arguments
sys.argv[:] = json.loads(_arguments.text)
exec(compile(open(_arguments.file).read(), sys.argv[0], 'exec'), {'__name__': '__main__'})
`);
} catch (error) {
  if (!(error instanceof LoadError) && error.name !== 'PythonError') throw error;
  if (error.type !== 'SystemExit') process.stderr.write(`${error.message.trimEnd()}\n`);
  code = error.type === 'SystemExit' ? exitCode(error.message) : 1;
}
flush();
process.exit(code);

// The last line of the message is "SystemExit: 3", or without a number for 0.
function exitCode(message) {
  const value = message.trimEnd().split('\n').at(-1).split(': ')[1];
  return value === undefined ? 0 : Number.parseInt(value, 10) || 1;
}
