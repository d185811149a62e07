// The read-only image (ROMFS) that MicroPython mounts at /rom: what the badge's flash has in its
// partition for one, and the stand-ins, which on hardware lie in MicroPython itself.

import fs from 'node:fs';
import path from 'node:path';

const FILE = 'rom.romfs'; // of a flash's folder: its partition `romfs`
const MAGIC = [0xd2, 0xcd, 0x31];

/** `standIns` is an image; the folder `flash` may have another one. */
export function romImage(standIns, flash) {
  const file = path.join(flash, FILE);
  if (!fs.existsSync(file)) return standIns;
  return wrap(Buffer.concat([records(standIns), records(fs.readFileSync(file))]));
}

/** The records of an image, which is a header, their length in bytes and they; none of another. */
function records(image) {
  if (!MAGIC.every((byte, at) => image[at] === byte)) return Buffer.alloc(0);
  let at = MAGIC.length;
  let length = 0;
  let byte;
  do {
    byte = image[at];
    length = length * 128 + (byte & 127); // seven bits a byte, the highest first
    at += 1;
  } while (byte & 128);
  return image.subarray(at, at + length);
}

function wrap(body) {
  const length = [body.length % 128];
  for (let left = Math.floor(body.length / 128); left > 0; left = Math.floor(left / 128)) {
    length.unshift(128 + (left % 128));
  }
  const isOdd = (MAGIC.length + length.length + body.length) % 2;
  return Buffer.concat([Buffer.from([...MAGIC, ...(isOdd ? [128] : []), ...length]), body]);
}
