"""What a registry's log gives to another host: entries that it lacks, and what lies beside them.

Keys of devices are among it: it goes over a channel that keeps it secret, to hosts that are
allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pressel.ledger import text
from pressel.ledger.broken import BrokenError
from pressel.ledger.entry import Entry
from pressel.registry.about_networks import SECRET
from pressel.registry.chains import Kept
from pressel.registry.intake import Sent
from pressel.registry.log import KEY, PAGE, Log

PAGE_BYTES_MAX = 400_000  # as JSON; hosts answer each other with 1.1 MB at most

KeyOf = Callable[[str], bytes | None]  # of a device that is active


@dataclass(frozen=True)
class Page:
    """Entries, in the order of each chain; is there `more`? `keys` by device."""

    sent: list[Sent] = field(default_factory=list)
    more: bool = False
    keys: dict[str, bytes] = field(default_factory=dict)


def page_of(
    log: Log,
    key_of: KeyOf,
    known: Mapping[str, tuple[int, str]],
    wanted: Iterable[str],
    *,
    seals: bool,
) -> Page:
    """Who asks has these entries, by host number and hash, and all before them; and `seals` what is
    secret: a host of an earlier version would keep it as it comes."""
    sent: list[Sent] = []
    size = 0
    for host in log.chains.hosts():
        for kept in log.chains.rows(host, _after(log, host, *known.get(host, (0, "")))):
            if len(sent) >= PAGE or size > PAGE_BYTES_MAX:
                return Page(sent, True)
            sent.append(_sent(log, kept, key_of, seals=seals))
            size += _size(sent[-1])
    found = {device: key_of(device) for device in wanted}
    return Page(sent, False, {device: key for device, key in found.items() if key is not None})


def _after(log: Log, host: str, number: int, hash_: str) -> int:
    """Behind which entry of `host` to begin: from the first on, where theirs is another one."""
    if number > log.chains.head(host).index:
        return number
    kept = log.chains.entry(host, number)
    return number if kept is not None and kept.signed.hash() == hash_ else 0


def _sent(log: Log, kept: Kept, key_of: KeyOf, *, seals: bool) -> Sent:
    entry = kept.signed.entry()
    texts = {name: (salt, said) for name, salt, said in log.chains.texts(kept.host, kept.number)}
    if SECRET in texts:
        salt, _ = texts.pop(SECRET)
        if seals and (secret := _secret(log, kept)) is not None:
            texts[SECRET] = salt, secret
    if KEY in texts:
        texts[KEY] = (texts[KEY][0], _key(entry, texts[KEY][0], key_of))
    return Sent(kept.signed, texts)


def _secret(log: Log, kept: Kept) -> bytes | None:
    """None of one that was changed here, or never came: another host may have it."""
    try:
        return next(said for name, _, said in log.beside(kept.host, kept.number) if name == SECRET)
    except BrokenError:
        return None


def _key(entry: Entry, salt: bytes, key_of: KeyOf) -> bytes | None:
    """The key that the entry is marked with, if the device has it still."""
    key = key_of(entry.subject.partition(" ")[2])
    is_its = key is not None and text.is_of(entry.texts[KEY], salt, KEY, key)
    return key if is_its else None


def _size(sent: Sent) -> int:
    texts = sum(64 + 2 * len(said or b"") for _, said in sent.texts.values())
    return len(sent.signed.body) + 200 + texts
