// UDP of a badge on the bench: what it sends to itself comes back into its mailbox, and whoever opens
// the port of the multicast test hears that stream. Nobody else is there.

import { SteppedUdp } from '../../virtual/runtime/stepped_udp.mjs';

const OWN_ADDRESS = '127.0.0.1'; // as the stand-in `network` has it
const MAILBOX_MAX = 6; // lwIP's, in stock MicroPython
const STREAM_PORT = 47899; // as bringup/sender.py has it
const STREAM_MS = 20; // between two
const STREAM_LOSS_PERMILLE = 20; // of a quiet venue
const BEACON_MS = 102.4; // a radio that sleeps is given at each what has come since the last

export class BenchRadio extends SteppedUdp {
  constructor({ clock, bytes, faults }) {
    super({ bytes });
    Object.assign(this, { clock, faults });
    this.streamed = null; // {t, count} since the port was opened
    this.isAsleep = false; // power save is on
  }

  bridge() {
    const bridge = super.bridge();
    return {
      ...bridge,
      bench_asleep: (is) => {
        this.isAsleep = Boolean(is) || Boolean(this.faults.asleep_radio);
        return 0;
      },
      udp_bind: (fd, ip, port) => {
        if (port === STREAM_PORT) this.streamed = null; // by another program
        return bridge.udp_bind(fd, ip, port);
      },
      udp_size: (fd) => {
        this.#stream(this.sockets[fd]);
        return bridge.udp_size(fd);
      },
      udp_send: (fd, address, length, ip, port) => {
        const sent = bridge.udp_send(fd, address, length, ip, port);
        const [datagram] = this.takeSent().slice(-1);
        if (sent >= 0 && ip === OWN_ADDRESS) this.#deliver(datagram.data, this.sockets[fd], port);
        return sent;
      },
    };
  }

  #deliver(data, from, port) {
    const to = this.sockets.find((each) => each.port === port && !each.closed);
    if (to) this.#put(to, data, from.port);
  }

  #put(socket, data, port) {
    const most = this.faults.small_mailbox ?? MAILBOX_MAX;
    if (socket.mailbox.datagrams.length < most) socket.mailbox.put(data, [127, 0, 0, 1], port);
  }

  #stream(socket) {
    if (socket.port !== STREAM_PORT) return;
    this.streamed ??= { t: this.clock.now(), count: 0 };
    const loss = this.faults.lossy_multicast ?? STREAM_LOSS_PERMILLE;
    const since = this.clock.now() - this.streamed.t;
    const given = this.isAsleep ? Math.floor(since / BEACON_MS) * BEACON_MS : since;
    const due = Math.floor(given / STREAM_MS);
    const end = (this.faults.ending_multicast ?? Infinity) * 1000;
    for (; this.streamed.count < due; this.streamed.count += 1) {
      if (this.streamed.count * STREAM_MS >= end) continue;
      if ((this.streamed.count * 397) % 1000 < loss) continue;
      const data = Buffer.alloc(4);
      data.writeUInt32BE(this.streamed.count);
      this.#put(socket, data, STREAM_PORT);
    }
  }
}
