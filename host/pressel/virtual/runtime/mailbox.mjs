// The mailbox of a UDP socket in lwIP: it holds a few datagrams and has no room for the rest.

const DATAGRAMS_MAX = 6; // lwIP's DEFAULT_UDP_RECVMBOX_SIZE in stock MicroPython

export class Mailbox {
  constructor() {
    this.datagrams = [];
  }

  /** Keeps a datagram from `address` (four numbers) and `port`; false when there is no room. */
  put(data, address, port) {
    if (this.datagrams.length >= DATAGRAMS_MAX) return false;
    this.datagrams.push({ data, address, port });
    return true;
  }

  /** The bytes of the oldest datagram, -1 for none. */
  get size() {
    return this.datagrams[0]?.data.length ?? -1;
  }

  /** Moves the oldest datagram to `target`, its IP address and port to the 6 bytes `sender`. */
  take(target, sender) {
    const { data, address, port } = this.datagrams.shift();
    target.set(data.subarray(0, target.length));
    sender.set(address);
    sender[4] = port >> 8;
    sender[5] = port & 0xff;
    return 0;
  }

  clear() {
    this.datagrams.length = 0;
  }
}
