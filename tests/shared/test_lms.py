"""Signatures of releases: what RFC 8554 publishes, what another maker signed, and what is wrong."""

from binascii import unhexlify

from tests.shared.lms_tree import FewLeaves, chains, digits_of

from ptt.link.lms import CHAINS, HEAD_BYTES, SIGNATURE_BYTES, Verifier

TREE = FewLeaves()
MESSAGE = b"pressel-update 1\nrelease 2\n" * 20
SIGNED = TREE.sign(MESSAGE)


class Source:
    """Bytes as a file gives them; `asked`: how many at a time."""

    def __init__(self, data):
        self.data = data
        self.at = 0
        self.asked = []

    def readinto(self, view):
        piece = self.data[self.at : self.at + len(view)]
        view[: len(piece)] = piece
        self.at += len(piece)
        self.asked.append(len(view))
        return len(piece)


def steps_of(public, signature, message):
    """(right or not, steps) of a verification in which the message comes in pieces."""
    source = Source(signature)
    verifier = Verifier(public, source.readinto)
    for at in range(0, len(message), 100):
        verifier.update(message[at : at + 100])
    steps = 1
    while verifier.step():
        steps += 1
    return verifier.is_right, steps, source


def is_right(signature, message=MESSAGE, public=TREE.public):
    return steps_of(public, signature, message)[0]


def with_byte(data, at, change=1):
    return data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :]


def test_what_is_signed_is_right_and_read_once_in_small_pieces():
    assert len(SIGNED) == SIGNATURE_BYTES
    right, steps, source = steps_of(TREE.public, SIGNED, MESSAGE)
    assert right and steps == CHAINS + 1
    assert source.at == SIGNATURE_BYTES and max(source.asked) == 32


def test_each_leaf_that_can_sign_does():
    for leaf in range(3):
        assert is_right(TREE.sign(b"%d" % leaf, leaf), b"%d" % leaf)


def test_every_part_of_a_signature_counts():
    """The leaf, both types, the salt, chains from first to last, the path from first to last."""
    for at in (0, 1, 2, 3, 4, 7, 8, 39, 40, 41, 2151, 2183, 2184, 2187, 2188, 2350, 2507):
        assert not is_right(with_byte(SIGNED, at)), at


def test_every_part_of_a_public_key_counts():
    for at in (0, 3, 4, 7, 8, 23, 24, 55):
        assert not is_right(SIGNED, public=with_byte(TREE.public, at)), at
    for public in (b"", TREE.public[:55], TREE.public + b"\x00"):
        assert not is_right(SIGNED, public=public)


def test_another_message_another_key_and_a_cut_are_wrong():
    assert not is_right(SIGNED, MESSAGE + b"\n")
    assert not is_right(SIGNED, b"")
    assert not is_right(FewLeaves(b"other").sign(MESSAGE))
    for length in (0, 3, HEAD_BYTES, HEAD_BYTES + 31, 2183, SIGNATURE_BYTES - 1):
        assert not is_right(SIGNED[:length]), length


def test_a_leaf_beyond_the_tree_is_wrong_wherever_its_path_leads():
    """Leaf 1024 would be looked for below a node that is a leaf itself."""
    for leaf in (1024, 2047, 0x10000, 0x80000000, 0xFFFFFFFF):
        assert not is_right(leaf.to_bytes(4, "big") + SIGNED[4:]), leaf


def test_parts_of_two_signatures_do_not_mix():
    other = TREE.sign(b"other", 1)
    for cut in (4, HEAD_BYTES, 1000, 2188):
        assert not is_right(SIGNED[:cut] + other[cut:])
        assert not is_right(other[:cut] + SIGNED[cut:])


# RFC 8554, appendix F, test case 2, upper level, which has our parameters: leaf 3 of the key signs
# the lower level's public key. What is published of chain and path is found in `rfc_signature`.
RFC_PUBLIC = unhexlify(
    "0000000600000003d08fabd4a2091ff0a8cb4ed834e74534"
    "32a58885cd9ba0431235466bff9651c6c92124404d45fa53cf161c28f1ad5a8e"
)
RFC_MESSAGE = unhexlify(
    "0000000500000004215f83b7ccb9acbcd08db97b0d04dc2b"
    "a1cd035833e0e90059603f26e07ad2aad152338e7a5e5984bcd5f7bb4eba40b7"
)
RFC_SALT = unhexlify("3d46bee8660f8f215d3f96408a7a64cf1c4da02b63a55f62c666ef5707a914ce")
RFC_SEED = unhexlify("558b8966c48ae9cb898b423c83443aae014a72f1b1ab5cc85cf1d892903b5439")
RFC_PATH = unhexlify(
    "b326493313053ced3876db9d237148181b7173bc7d042cefb4dbe94d2e58cd21"
    "a769db4657a103279ba8ef3a629ca84ee836172a9c50e51f45581741cf808315"
    "0b491cb4ecbbabec128e7c81a46e62a67b57640a0a78be1cbf7dd9d419a10cd8"
    "686d16621a80816bfdb5bdc56211d72ca70b81f1117d129529a7570cf79cf52a"
    "7028a48538ecdd3b38d3d5d62d26246595c4fb73a525a5ed2c30524ebb1d8cc8"
    "2e0c19bc4977c6898ff95fd3d310b0bae71696cef93c6a552456bf96e9d075e3"
    "83bb7543c675842bafbfc7cdb88483b3276c29d4f0a341c2d406e40d4653b7e4"
    "d045851acf6a0a0ea9c710b805cced4635ee8c107362f0fc8d80c14d0ac49c51"
    "6703d26d14752f34c1c0d2c4247581c18c2cf4de48e9ce949be7c888e9caebe4"
    "a415e291fd107d21dc1f084b1158208249f28f4f7c7e931ba7b3bd0d824a4570"
)
RFC_FIRST_CHAIN = unhexlify("0674e8cb7a55f0c48d484f31f3aa4af9719a74f22cf823b94431d01c926e2a76")
RFC_LAST_CHAIN = unhexlify("294546454fa5388a23a22e805a5ca35f956598848bda678615fec28afd5da61a")


def rfc_signature():
    """The chains are made anew from the published seed; they lie between published ones."""
    name, number = RFC_PUBLIC[8:24], (3).to_bytes(4, "big")
    ends = chains(name, RFC_SEED, 3, digits_of(name, 3, RFC_SALT, RFC_MESSAGE))
    assert ends[0] == RFC_FIRST_CHAIN and ends[66] == RFC_LAST_CHAIN
    head = number + b"\x00\x00\x00\x03" + RFC_SALT
    return head + b"".join(ends) + b"\x00\x00\x00\x06" + RFC_PATH


def test_what_rfc_8554_publishes_is_right():
    signature = rfc_signature()
    assert is_right(signature, RFC_MESSAGE, RFC_PUBLIC)
    assert not is_right(signature, RFC_MESSAGE[:-1] + b"\x00", RFC_PUBLIC)
