// AES for the shim module `cryptolib`: 128, 192 or 256 bit keys, ECB and CBC, without padding.

import crypto from 'node:crypto';

export class Ciphers {
  constructor({ bytes }) {
    this.bytes = bytes;
    this.open = [];
  }

  /** What the shim module `cryptolib` calls. A handle works in one direction. */
  bridge() {
    return {
      aes_open: (mode, decrypt, key, keyLength, iv) => {
        const name = `aes-${keyLength * 8}-${mode}`;
        const secret = Buffer.from(this.bytes(key, keyLength));
        const start = mode === 'cbc' ? Buffer.from(this.bytes(iv, 16)) : null;
        const make = decrypt ? crypto.createDecipheriv : crypto.createCipheriv;
        const cipher = make(name, secret, start);
        cipher.setAutoPadding(false);
        return this.open.push(cipher) - 1;
      },
      aes_run: (handle, source, length, target) => {
        const result = this.open[handle].update(this.bytes(source, length));
        this.bytes(target, length).set(result);
        return 0;
      },
      aes_close: (handle) => {
        this.open[handle] = null;
        return 0;
      },
    };
  }
}
