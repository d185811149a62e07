// UDP as lwIP gives it to a badge: a socket holds a few datagrams and drops the rest. Bytes pass by
// address in wasm memory; the bridge returns plain integers, so that no proxy is made per packet.

import dgram from 'node:dgram';

import { Mailbox } from './mailbox.mjs';
import { checkedQuad } from './quad.mjs';

const EBADF = 9;
const EINVAL = 22;
const ENODEV = 19;
const EADDRINUSE = 98;

// Addresses are literal, so the look-up can answer at once: bind and send then act at once too.
const literal = (address, _options, answer) => answer(null, address, 4);

export class Udp {
  constructor({ bytes, arrived }) {
    this.bytes = bytes;
    this.arrived = arrived; // called when a datagram comes to rest in a mailbox
    this.sockets = [];
    this.groups = new Set(); // of multicast: lwIP keeps them for all sockets, Linux for each
    this.stats = { mailbox_dropped: 0, datagrams_in: 0, datagrams_out: 0, send_failed: 0 };
  }

  /** What the shim module `socket` calls. */
  bridge() {
    return {
      udp_open: () => this.sockets.push(new Socket(this)) - 1,
      udp_bind: (fd, ip, port) => this.sockets[fd].bind(ip, port),
      udp_reuse: (fd, value) => this.sockets[fd].set('reuse', value),
      udp_broadcast: (fd, value) => this.sockets[fd].set('broadcast', value),
      udp_join: (fd, group) => this.sockets[fd].join(checkedQuad(group)),
      udp_size: (fd) => this.sockets[fd].mailbox.size,
      udp_take: (fd, address, length, sender) =>
        this.sockets[fd].mailbox.take(this.bytes(address, length), this.bytes(sender, 6)),
      udp_send: (fd, address, length, ip, port) =>
        this.sockets[fd].send(this.bytes(address, length), checkedQuad(ip), port),
      udp_close: (fd) => this.sockets[fd].close(),
    };
  }
}

class Socket {
  constructor(udp) {
    this.udp = udp;
    this.mailbox = new Mailbox();
    this.options = { reuse: 0, broadcast: 0 };
    this.socket = null; // made at the first bind or send, when the options are known
    this.closed = false;
    this.error = 0;
  }

  /** Returns 0 or an error number. */
  bind(ip, port) {
    if (this.closed || this.socket) return this.closed ? EBADF : EINVAL;
    // Not always with reuse: Linux gives two such sockets the same free port.
    const reuseAddr = this.options.reuse !== 0;
    this.socket = dgram.createSocket({ type: 'udp4', reuseAddr, lookup: literal });
    this.socket.on('message', (data, { address, port: from }) => this.#arrive(data, address, from));
    this.socket.on('error', (error) => {
      this.error = error.code === 'EADDRINUSE' ? EADDRINUSE : EINVAL;
    });
    this.socket.bind(port, ip);
    if (this.error) {
      this.socket = null;
      return this.error;
    }
    this.#applyBroadcast();
    for (const group of this.udp.groups) this.socket.addMembership(group);
    return 0;
  }

  set(option, value) {
    this.options[option] = value;
    if (option === 'broadcast' && this.socket) this.#applyBroadcast();
    return 0;
  }

  /** Returns 0 or an error number. */
  join(group) {
    if (!this.socket) return EINVAL;
    try {
      this.socket.addMembership(group);
    } catch {
      return ENODEV; // no network to join in
    }
    this.udp.groups.add(group);
    return 0;
  }

  /** Returns the count of bytes, or a negative error number. */
  send(source, ip, port) {
    if (this.closed) return -EBADF;
    if (!this.socket) this.bind('0.0.0.0', 0);
    // A copy: Node may keep the bytes until the network takes them.
    this.socket.send(Buffer.from(source), port, ip, (error) => {
      if (error) this.udp.stats.send_failed += 1;
    });
    this.udp.stats.datagrams_out += 1;
    return source.length;
  }

  close() {
    this.socket?.close();
    this.socket = null;
    this.closed = true;
    this.mailbox.clear();
    return 0;
  }

  #applyBroadcast() {
    this.socket.setBroadcast(this.options.broadcast !== 0);
  }

  #arrive(data, address, port) {
    if (!this.mailbox.put(data, address.split('.').map(Number), port)) {
      this.udp.stats.mailbox_dropped += 1;
      return;
    }
    this.udp.stats.datagrams_in += 1;
    this.udp.arrived();
  }
}
