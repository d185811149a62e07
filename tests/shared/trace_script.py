"""Prints everything that happens in a venue: arguments are a seed and, to plant a fault, a word.

Both runtimes must print the same bytes. The last lines hold what the speakers played.
"""

import sys
from binascii import crc32

from tests.shared.venue import Venue


def play(seed):
    """Two bursts at the same time, on a network that loses and delays."""
    venue = Venue(badges=4, seed=seed, loss_percent=5, jitter_ms=25, is_coded=True)
    venue.run(1500)
    venue.press("A", "C")
    venue.run(500)
    venue.release("A", "C")
    venue.press("B")
    venue.run(600)
    venue.release("B")
    return venue.run(1400)


def main(arguments):
    venue = play(int(arguments[0]))
    if len(arguments) > 1:
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
