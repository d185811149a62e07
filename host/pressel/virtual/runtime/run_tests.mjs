// Runs test files in MicroPython: every function test_* of each, one JSON line a test on stdout.
// What tests print goes to stderr. Exit code 1 when a test failed.

import path from 'node:path';
import { parseArgs } from 'node:util';

import { BARE_OPTIONS, loadBare } from './bare.mjs';
import { LoadError } from './loader.mjs';

const { values: options, positionals: files } = parseArgs({
  options: BARE_OPTIONS, allowPositionals: true,
});

// The coder that a file has put another one in the place of is there again for the next file.
const KEEP_CODER = `
from ptt.media import dsp as _dsp, voice_dsp as _voice_dsp, voice_period as _voice_period
_coder = {name: getattr(_dsp, name) for name in _dsp.NAMES}
`;
const RESTORE_CODER = `
for _name in _coder:
    setattr(_dsp, _name, _coder[_name])
_voice_dsp.use(_voice_period)
`;

let failures = 0;
try {
  const { mp } = await loadBare(options, (bytes) => process.stderr.write(bytes));
  if (files.length > 1) mp.runPython(KEEP_CODER);
  for (const file of files) {
    runFile(mp, file);
    if (files.length > 1) mp.runPython(RESTORE_CODER);
  }
} catch (error) {
  if (!(error instanceof LoadError)) throw error;
  process.stderr.write(`${error.message}\n`);
  failures += 1;
}
process.exitCode = failures ? 1 : 0;

function runFile(mp, file) {
  const module = path.basename(file, '.py');
  const names = attempt(file, '<import>', () => {
    mp.runPython(`import ${module}`);
    return tests(mp, module);
  });
  for (const name of names ?? []) {
    // A call of its own: garbage is collected only when a call returns.
    const failed = attempt(file, name, () => {
      mp.runPython(`${module}.${name}()`);
      return [];
    }) === null;
    if (!failed) report({ file, test: name, ok: true, error: '' });
  }
}

function tests(mp, module) {
  mp.runPython(`_names = ' '.join(sorted(n for n in dir(${module}) if n.startswith('test_')))`);
  return mp.globals.get('_names').split(' ').filter(Boolean);
}

function attempt(file, test, action) {
  try {
    return action();
  } catch (error) {
    if (error.name !== 'PythonError') throw error;
    failures += 1;
    report({ file, test, ok: false, error: error.message.trimEnd() });
    return null;
  }
}

function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
