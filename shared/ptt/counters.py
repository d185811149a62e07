"""Counters by small number, so that counting on the voice path costs no memory."""

from array import array


class Counters:
    """One count for each of `names`; `add` takes the index of a name."""

    def __init__(self, names: "tuple[str, ...]") -> None:
        self.names = names
        self._counts = array("i", [0] * len(names))

    def add(self, which: int) -> None:
        """Count one; stops at 2^30 - 1, which is a badge's largest cheap integer."""
        count = self._counts[which]
        if count < 0x3FFFFFFF:
            self._counts[which] = count + 1

    def __getitem__(self, which: int) -> int:
        return self._counts[which]

    def as_dict(self) -> "dict[str, int]":
        """Name to count, those above 0 only."""
        result = {}
        for index in range(len(self.names)):
            if self._counts[index]:
                result[self.names[index]] = self._counts[index]
        return result
