"""What an e-paper display shows: whose badge it is, its talk group, and its situation."""

from ptt.badge import indications
from ptt.base.compat import TYPE_CHECKING

from . import ignore

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
        self._situation = -1
        self._group = -1

    def step(self, handset: "Handset", now_ms: int) -> None:
        group = handset.participant.scan.selected
        if handset.situation != self._situation or group != self._group:
            self._situation = handset.situation
            self._group = group
            word = indications.SITUATIONS[self._situation][3]
            place = "group %d" % group if self._situation != indications.SEARCHING else ""
            self._paper.show((self._name[0], self._name[1], place, word))
        self._paper.update()

    on_event = ignore
