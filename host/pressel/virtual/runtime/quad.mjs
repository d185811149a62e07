// Addresses as MicroPython's sockets take them on an ESP32: four numbers, and no name is looked up.

const QUAD = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

let known = ''; // the last good one: a badge talks to one address for long

/** `ip` itself; throws for what the badge's socket refuses, which crashes the firmware there too. */
export function checkedQuad(ip) {
  if (ip !== known) {
    if (!QUAD.test(ip)) throw new Error(`invalid arguments: '${ip}' is no IPv4 address`);
    known = ip;
  }
  return ip;
}
