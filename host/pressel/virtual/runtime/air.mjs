// Which access points a badge hears, and how strongly: the command "air" says so. One is near from
// the start. That packets travel all the same when none is in reach is left to other models.

const NONE = 0; // no access point is heard at 0 dBm

export class Air {
  constructor() {
    this.points = { '020000000001': -55 };
  }

  /** What the shim `network` calls. */
  bridge() {
    return {
      air_points: () => JSON.stringify(this.points),
      air_dbm: (address) => this.points[address] ?? NONE,
    };
  }

  /** `points`: address, 12 hexadecimal digits, to dBm. Throws when they are something else. */
  check(points) {
    for (const [address, dbm] of Object.entries(points)) {
      if (!/^[0-9a-f]{12}$/.test(address) || !(dbm < 0)) {
        throw new Error(`"${address}": ${dbm} is no access point with a level below 0 dBm`);
      }
    }
    return points;
  }
}
