"""Prints everything that happens in a venue: `SCENE SEED`, and to plant a fault one more word.

Both runtimes must print the same bytes. The last lines hold what the speakers played.
"""

import sys
from binascii import crc32

from tests.shared.failover_venue import Failover
from tests.shared.fixed_roster import FixedRoster
from tests.shared.venue import Venue

from ptt.base import events
from ptt.leader.roster import Grants
from ptt.leader.settings_in_force import Settings


def play_bursts(seed):
    """Two bursts at the same time, coded, on a network that loses and delays."""
    venue = Venue(badges=4, seed=seed, loss_percent=5, jitter_ms=25, is_coded=True)
    venue.run(1500)
    venue.press("A", "C")
    venue.run(500)
    venue.release("A", "C")
    venue.press("B")
    venue.run(600)
    venue.release("B")
    return venue.run(1400)


def play_takeover(seed):
    """The leader dies in mid-burst, a standby goes on, and the leader before wakes up again."""
    venue = Failover(4, standbys=2, seed=seed, loss_percent=5, jitter_ms=25).run(2500)
    venue.press("A", "B")
    venue.run(700)
    venue.kill()
    venue.run(800)
    venue.take_over()
    venue.run(1500)
    venue.take_over(2, 3)  # the second one stood still, no more
    venue.run(1500)
    venue.release("A", "B")
    return venue.run(3000)


def play_calls(seed):
    """Two groups, a private call, texts, and settings that change, on a network that loses."""
    grants = {}
    venue = Venue(4, seed, 5, jitter_ms=25, roster=FixedRoster(grants))
    for badge, groups in zip(venue.badges, ((2, 3), (2,), (3,), (2, 3))):
        device = bytes([0, badge.index, 0, 0, 0, 0, 0, seed * 50 + badge.index + 1 & 255])
        grants[device] = Grants(groups, 0)
    venue.run(3000)
    venue.press("B", "C")
    venue.run(600)
    venue.leader.publish(Settings(2, 100), venue.now_ms)
    venue.release("B", "C")
    venue.run(1500)
    caller = venue.badge("A").engine
    caller.call(venue.badge("D").last(events.JOINED), venue.now_ms)
    venue.run(800)
    caller.keyboard.send(b"behind the stage", venue.now_ms)
    caller.release(venue.now_ms)
    venue.run(1000)
    caller.hang_up(venue.now_ms)
    return venue.run(2000)


def play_outage(seed):
    """A badge's power goes, the leader restarts, the clock wraps."""
    venue = Venue(4, seed, 5, jitter_ms=25, start_ms=0x40000000 - 4000).run(2500)
    venue.press("A")
    venue.run(400)
    venue.badge("D").alive = False
    venue.press("B")
    venue.run(400)
    venue.leader_alive = False
    venue.run(2000)
    venue.restart_leader(term=2)
    venue.run(2500)
    venue.badge("D").alive = True
    venue.release("A", "B")
    venue.press("C")
    venue.run(500)
    venue.release("C")
    return venue.run(5000)


SCENES = {
    "bursts": play_bursts,
    "takeover": play_takeover,
    "calls": play_calls,
    "outage": play_outage,
}


def main(arguments):
    venue = SCENES[arguments[0]](int(arguments[1]))
    if len(arguments) > 2:
        venue.badge("B").played[-1] = (99, 99)
    for line in venue.trace:
        print(line)
    for badge in venue.badges:
        print(badge.name, badge.events)
        print(badge.name, badge.played, sorted(badge.engine.refusals.as_dict().items()))
    prints = 0
    for pcm in sorted(venue.prints):
        prints = crc32(pcm, prints)
    print("frames", len(venue.prints), prints)


if __name__ == "__main__":
    main(sys.argv[1:])
