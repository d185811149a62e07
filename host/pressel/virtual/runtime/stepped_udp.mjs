// UDP of a stepped badge: what comes is put into the mailbox by the caller, what goes is kept for
// it. It takes the place of Udp and answers the same bridge.

import { Mailbox } from './mailbox.mjs';
import { checkedQuad } from './quad.mjs';

const ENOMEM = 12; // lwIP has no buffer left
const EBADF = 9;
const EINVAL = 22;
const FIRST_FREE_PORT = 49152; // where lwIP begins too

export class SteppedUdp {
  constructor({ bytes }) {
    this.bytes = bytes;
    this.sockets = []; // {mailbox, port, closed}
    this.groups = new Set(); // of multicast, which lwIP keeps for all sockets, and for ever
    this.sent = []; // {data, address, port} since the last `takeSent`
    this.failures = 0; // sends that are to fail
    this.stats = { mailbox_dropped: 0, datagrams_in: 0, datagrams_out: 0, send_failed: 0 };
  }

  bridge() {
    return {
      udp_open: () => this.sockets.push({ mailbox: new Mailbox(), port: 0, closed: false }) - 1,
      udp_bind: (fd, _ip, port) => this.#bind(this.sockets[fd], fd, port),
      udp_reuse: () => 0,
      udp_join: (_fd, group) => {
        this.groups.add(checkedQuad(group));
        return 0;
      },
      udp_broadcast: () => 0,
      udp_size: (fd) => this.sockets[fd].mailbox.size,
      udp_take: (fd, address, length, sender) =>
        this.sockets[fd].mailbox.take(this.bytes(address, length), this.bytes(sender, 6)),
      udp_send: (fd, address, length, ip, port) =>
        this.#send(fd, address, length, checkedQuad(ip), port),
      udp_close: (fd) => {
        this.sockets[fd].closed = true;
        this.sockets[fd].mailbox.clear();
        return 0;
      },
    };
  }

  /**
   * A datagram for the socket that was bound first; or, with `many`, {group, port}, for the one of
   * that port if the group was joined. False when nobody or no mailbox takes it.
   */
  arrive(data, address, port, many = null) {
    const isFor = (each) => (many ? each.port === many.port && this.groups.has(many.group) : each.port);
    const socket = this.sockets.find((each) => isFor(each) && !each.closed);
    const isKept = socket?.mailbox.put(data, address, port) ?? false;
    this.stats[isKept ? 'datagrams_in' : 'mailbox_dropped'] += 1;
    return isKept;
  }

  get isWaiting() {
    return this.sockets.some((socket) => !socket.closed && socket.mailbox.size >= 0);
  }

  takeSent() {
    const sent = this.sent;
    this.sent = [];
    return sent;
  }

  #bind(socket, fd, port) {
    if (socket.closed || socket.port) return socket.closed ? EBADF : EINVAL;
    socket.port = port || FIRST_FREE_PORT + fd;
    return 0;
  }

  #send(fd, address, length, ip, port) {
    if (this.sockets[fd].closed) return -EBADF;
    if (this.failures > 0) {
      this.failures -= 1;
      this.stats.send_failed += 1;
      return -ENOMEM;
    }
    this.#bind(this.sockets[fd], fd, 0);
    const data = Buffer.from(this.bytes(address, length)); // a copy: the buffer is used again
    this.sent.push({ data, address: ip.split('.').map(Number), port });
    this.stats.datagrams_out += 1;
    return length;
  }
}
