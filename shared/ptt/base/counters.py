"""Counters by small number, so that counting on the voice path costs no memory."""

from array import array


class Counters:
    """One count for each of `words`, which have a space between them; `add` takes the index."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._counts = array("i", [0] * (words.count(" ") + 1))

    def add(self, which: int) -> None:
        """Count one; stops at 2^30 - 1, which is a badge's largest cheap integer."""
        count = self._counts[which]
        if count < 0x3FFFFFFF:
            self._counts[which] = count + 1

    def __getitem__(self, which: int) -> int:
        return self._counts[which]

    def as_dict(self) -> "dict[str, int]":
        """Word to count, those above 0 only."""
        result = {}
        for index, word in enumerate(self._words.split()):
            if self._counts[index]:
                result[word] = self._counts[index]
        return result
