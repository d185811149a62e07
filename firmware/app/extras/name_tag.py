"""What an e-paper display shows: whose badge it is, its talk group, and its situation; and for a
while after one click of the side button how the badge fares, unless somebody talks.
"""

from ptt.badge import indications
from ptt.base.compat import TYPE_CHECKING

from .screen import Screen

if TYPE_CHECKING:
    from hal.epaper import EPaper

    from ..handset import Handset


class NameTag:
    """An extra of a badge with e-paper. Its letters are plain ones: others become "?"."""

    def __init__(self, paper: "EPaper", name: str) -> None:
        plain = ""
        for letter in name:
            plain += letter if " " <= letter <= "~" else "?"
        at = plain.find(" ")
        if at > 0:  # the first name large, the rest below it
            self._name = (plain[:at], plain[at + 1 :])
        else:
            self._name = (plain, "")
        self._paper = paper
        self._screen = Screen(paper)  # which draws nothing: the name would be gone
        self._looks = False
        self._situation = -1
        self._group = -1

    def look(self, now_ms: int) -> None:
        """Show how the badge fares, from the next step on: once, since a picture takes a third of a
        second and wears the paper."""
        self._screen.look(now_ms)
        self._looks = False

    def step(self, handset: "Handset", now_ms: int) -> None:
        if self._screen.is_wanted(handset, now_ms):
            if not self._looks:
                self._looks = True
                self._situation = -1  # the name comes back afterwards
                self._paper.show(_joined(self._screen.lines(handset)))
        else:
            self._name_itself(handset)
        self._paper.update()

    def _name_itself(self, handset: "Handset") -> None:
        group = handset.participant.scan.selected
        if handset.situation != self._situation or group != self._group:
            self._situation = handset.situation
            self._group = group
            word = indications.SITUATIONS[self._situation][3]
            place = "group %d" % group if self._situation != indications.SEARCHING else ""
            self._paper.show((self._name[0], self._name[1], place, word))

    def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None:
        self._screen.on_event(handset, event, now_ms)


def _joined(lines: tuple) -> tuple:
    """Four lines of 25 letters."""
    if len(lines) == 1:
        return lines
    term, badge, hosts, trip, lost, queue, delay = lines
    return (term, badge + ", " + hosts, trip + ", " + delay, lost + ", " + queue)
