"""A signer never uses a leaf twice: not after a crash, not from a copy, not when rolled back. It
says in a sentence what is wrong with its folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.signers import own_state, signer_in

from pressel.errors import PresselError, UsageError
from pressel.signer import leaves as leaves_module
from pressel.signer.lms import LEAVES
from pressel.signer.signer import HAND_OVER_LEAVES, Signer, is_signed, make_signer

__all__ = ["own_state"]

ANY_ERROR = (UsageError, PresselError)


@pytest.fixture
def folder(tmp_path: Path, own_state: Path) -> Iterator[Path]:
    signer_in(tmp_path / "signer")
    yield tmp_path / "signer"


def sign(folder: Path, message: bytes) -> int:
    """The leaf that signed."""
    signer = Signer(folder)
    with signer.held():
        signature = signer.sign(message)
    assert is_signed(message, signature, signer.public)
    return int.from_bytes(signature[:4], "big")


def left(folder: Path) -> int:
    signer = Signer(folder)
    with signer.held():
        return signer.left()


def adopt(folder: Path, leaf: int | None = None) -> int:
    signer = Signer(folder)
    with signer.held():
        return signer.adopt(leaf)


def copied(folder: Path, name: str) -> Path:
    return shutil.copytree(folder, folder.with_name(name))


def counter(own_state: Path) -> Path:
    (file,) = (
        each for each in (own_state / "state/pressel/signers").iterdir() if len(each.name) == 32
    )
    return file


def test_each_message_has_a_leaf_of_its_own(folder: Path) -> None:
    assert [sign(folder, b"%d" % n) for n in range(3)] == [0, 1, 2]
    assert sign(folder, b"0") == 3  # the same message, too
    assert left(folder) == LEAVES - 4


def test_a_crash_behind_the_reservation_costs_the_leaf(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: object) -> bytes:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("pressel.signer.lms.Tree.sign", crash)
        with pytest.raises(Crash):
            sign(folder, b"first")
    assert sign(folder, b"second") == 1


def test_the_leaf_is_on_disk_before_it_signs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(handle))
    seen = []

    def look(self: object, leaf: int, message: bytes) -> bytes:
        seen.append((len(synced), (folder / "leaves").read_text().splitlines()[-1].split()[:2]))
        raise PresselError("enough")

    monkeypatch.setattr("pressel.signer.lms.Tree.sign", look)
    with pytest.raises(PresselError, match="enough"):
        sign(folder, b"x")
    assert seen == [(4, ["sign", "0"])]  # list and counter, each with its folder


def test_a_cut_between_list_and_counter_is_mended(folder: Path, own_state: Path) -> None:
    sign(folder, b"first")
    before = counter(own_state).read_bytes()
    sign(folder, b"second")
    counter(own_state).write_bytes(before)
    assert sign(folder, b"third") == 2
    assert left(folder) == LEAVES - 3


def test_a_full_disk_signs_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(leaves_module, "_replace", full)
        with pytest.raises(PresselError, match="No space left on device; nothing was signed"):
            sign(folder, b"x")
    assert sign(folder, b"x") == 0


def test_a_list_that_was_rolled_back_is_refused(folder: Path) -> None:
    sign(folder, b"first")
    old = (folder / "leaves").read_bytes()
    sign(folder, b"second")
    sign(folder, b"third")
    (folder / "leaves").write_bytes(old)
    with pytest.raises(UsageError, match=r"leaf 2 of the signer .* has signed already"):
        sign(folder, b"fourth")
    assert adopt(folder) == 3 + 32
    assert sign(folder, b"fourth") == 35


def test_two_copies_on_one_computer_do_not_both_sign(folder: Path) -> None:
    copy = copied(folder, "copy")
    assert sign(folder, b"first") == 0
    with pytest.raises(UsageError, match="another copy is in use"):
        sign(copy, b"other")
    shutil.rmtree(copy)
    assert sign(folder, b"second") == 1


def test_a_copy_on_another_computer_has_no_counter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(folder, b"first")
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        with pytest.raises(UsageError, match="has no counter for the signer"):
            sign(folder, b"second")
        assert adopt(folder) == 33
        assert sign(folder, b"second") == 33
    with pytest.raises(UsageError, match="has signed elsewhere"):  # back again
        sign(folder, b"third")


def test_lists_of_one_length_that_differ_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copied(folder, "other")
    sign(folder, b"here")
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        adopt(other, 0)
        sign(other, b"there")
    with pytest.raises(UsageError, match="signed elsewhere"):
        sign(other, b"more")


def test_a_list_that_was_adopted_elsewhere_is_not_taken_for_a_cut(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adopted there, it comes back as a copy: here it is one line ahead, as after a power cut, and
    both would sign by the same leaf."""
    sign(folder, b"first")
    there = copied(folder, "there")
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        adopt(there)
        (folder / "leaves").write_bytes((there / "leaves").read_bytes())
        assert sign(there, b"there") == 33
    with pytest.raises(UsageError, match="has signed elsewhere"):
        sign(folder, b"here")
    assert adopt(folder) == 33 + 32


def test_adopting_that_was_cut_off_is_done_again(folder: Path, own_state: Path) -> None:
    sign(folder, b"first")
    before = counter(own_state).read_bytes()
    adopt(folder)
    counter(own_state).write_bytes(before)
    with pytest.raises(UsageError, match="release adopt"):
        sign(folder, b"second")
    assert adopt(folder) == 33 + 32
    assert left(folder) == LEAVES - 65


def test_adopting_never_goes_back(folder: Path) -> None:
    sign(folder, b"first")
    with pytest.raises(UsageError, match="leaf 0 has been used; name one from 1 on"):
        adopt(folder, 0)
    assert adopt(folder, 7) == 7
    assert sign(folder, b"second") == 7


def test_the_last_leaves_bring_the_next_key_and_then_it_is_over(folder: Path) -> None:
    adopt(folder, LEAVES - HAND_OVER_LEAVES - 1)
    assert sign(folder, b"last but some") == LEAVES - HAND_OVER_LEAVES - 1
    with pytest.raises(UsageError, match="sign only the release that brings the next key"):
        sign(folder, b"more")
    signer = Signer(folder)
    for _ in range(HAND_OVER_LEAVES):
        signer.sign(b"next", hands_over=True)
    with pytest.raises(UsageError, match="make a new one"):
        signer.sign(b"next", hands_over=True)
    assert left(folder) == 0


@pytest.mark.parametrize("file", ["leaves", "signer.key"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "gone", "other", "binary"])
def test_what_is_damaged_or_foreign_is_told_and_signs_nothing_wrong(
    folder: Path, tmp_path: Path, file: str, damage: str
) -> None:
    sign(folder, b"first")
    sign(folder, b"second")
    other = tmp_path / "other"
    signer_in(other, "two")
    place = folder / file
    data = place.read_bytes()
    new = {
        "cut": data[:-3],
        "flipped": data[:40] + bytes((data[40] ^ 1,)) + data[41:],
        "empty": b"",
        "gone": b"",
        "other": (other / file).read_bytes(),
        "binary": b"\xff\x00" * 100,
    }[damage]
    place.write_bytes(new)
    if damage == "gone":
        place.unlink()
    with pytest.raises(ANY_ERROR) as caught:
        sign(folder, b"third")
    assert "\n" not in str(caught.value) and len(str(caught.value)) > 20


def test_no_line_of_the_list_can_be_changed_or_taken_out(folder: Path) -> None:
    for number in range(4):
        sign(folder, b"%d" % number)
    lines = (folder / "leaves").read_text().splitlines(keepends=True)
    for at in range(1, 4):
        for changed in ([*lines[:at], *lines[at + 1 :]], [*lines[:at], lines[1], *lines[at:]]):
            (folder / "leaves").write_text("".join(changed))
            with pytest.raises(UsageError, match="is damaged"):
                left(folder)


def test_a_damaged_counter_is_told(folder: Path, own_state: Path) -> None:
    counter(own_state).write_bytes(b"many")
    with pytest.raises(UsageError, match="is damaged; if no copy"):
        left(folder)


def test_a_signer_is_made_whole_and_never_over_another(tmp_path: Path) -> None:
    made = make_signer(tmp_path / "new")
    assert made.left() == LEAVES
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "signer.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="is not empty"):
        make_signer(tmp_path / "new")
    kept = (tmp_path / "new" / "tree").read_bytes()
    (tmp_path / "new" / "tree").write_bytes(bytes(32) + kept[32:])  # it is made anew
    assert Signer(tmp_path / "new").public == made.public
    assert sign(tmp_path / "new", b"first") == 0
    with pytest.raises(UsageError, match="there is no signer in"):
        Signer(tmp_path / "nowhere")


# --- planted: the same tests notice ---


def test_planted_a_leaf_that_is_noted_after_it_signed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaves_module.Leaves, "reserve", lambda self, digest: self.agreed())
    with pytest.raises(AssertionError):
        test_each_message_has_a_leaf_of_its_own(folder)


def test_planted_no_counter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        leaves_module.Leaves, "_counter", lambda self: self._read()[1][-1], raising=True
    )
    with pytest.raises(pytest.fail.Exception):
        test_a_list_that_was_rolled_back_is_refused(folder)
