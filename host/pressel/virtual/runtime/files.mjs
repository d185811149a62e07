// The badge's flash: a host folder becomes `/` of MicroPython's file system, and what the firmware
// wrote there goes back to the folder at the end. Knows nothing of what the files mean.

import fs from 'node:fs';
import path from 'node:path';

const SYSTEM = new Set(['dev', 'proc', 'tmp', 'home']); // what is in `/` of any Emscripten program

/** Copies a host folder (or one file) into MicroPython's file system. */
export function mount(FS, host, target) {
  if (!fs.statSync(host).isDirectory()) {
    FS.writeFile(target, fs.readFileSync(host));
    return;
  }
  if (!FS.analyzePath(target).exists) FS.mkdir(target);
  for (const name of fs.readdirSync(host)) {
    if (name !== '__pycache__') mount(FS, path.join(host, name), path.posix.join(target, name));
  }
}

export class Flash {
  constructor(FS, folder) {
    this.FS = FS;
    this.folder = folder;
    this.isLoaded = false;
  }

  load() {
    mount(this.FS, this.folder, '/');
    this.isLoaded = true;
  }

  /** Writes changed files back, each by a rename, and removes those the firmware removed. */
  save() {
    if (this.isLoaded) this.#saveFolder('/', this.folder);
  }

  #saveFolder(source, host) {
    fs.mkdirSync(host, { recursive: true });
    const names = this.#names(source);
    for (const name of fs.readdirSync(host)) {
      if (!names.includes(name)) fs.rmSync(path.join(host, name), { recursive: true });
    }
    for (const name of names) {
      const from = path.posix.join(source, name);
      const to = path.join(host, name);
      if (this.FS.isDir(this.FS.stat(from).mode)) this.#saveFolder(from, to);
      else writeChanged(to, this.FS.readFile(from));
    }
  }

  #names(folder) {
    const hidden = folder === '/' ? SYSTEM : new Set();
    return this.FS.readdir(folder).filter(
      (name) => name !== '.' && name !== '..' && !hidden.has(name));
  }
}

function writeChanged(file, content) {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(content)) return;
  fs.writeFileSync(`${file}.new`, content);
  fs.renameSync(`${file}.new`, file);
}
