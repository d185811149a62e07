"""The seals against what their standards publish, on both runtimes."""

from binascii import unhexlify

from tests.shared.aes import block_cipher

from ptt.link import hkdf
from ptt.link.hmac import Hmac, HmacKey

# RFC 4231, section 4: key, data, what comes out (test case 5 publishes 16 bytes of it).
RFC_4231 = (
    ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "4a656665",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "0102030405060708090a0b0c0d0e0f10111213141516171819",
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    ("0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "aa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data."
        b" The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)

# RFC 5869, appendix A, SHA-256: secret, salt, info, extracted key, beginning of the output.
RFC_5869 = (
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
    ),
    (
        "".join("%02x" % byte for byte in range(0x00, 0x50)),
        "".join("%02x" % byte for byte in range(0x60, 0xB0)),
        "".join("%02x" % byte for byte in range(0xB0, 0x100)),
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
    ),
    (
        "0b" * 22,
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
    ),
)

# SP 800-38A, F.1.1 (ECB-AES128.Encrypt) and F.5.1 (CTR-AES128.Encrypt).
AES_KEY = "2b7e151628aed2a6abf7158809cf4f3c"
PLAIN = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
ECB = (
    "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
    "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
)
COUNTER = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
CTR = (
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
)


def test_hmac_as_rfc_4231_has_it():
    hmac = Hmac(bytearray(264))
    for key, data, expected in RFC_4231:
        expected = unhexlify(expected)
        assert hmac.digest(HmacKey(unhexlify(key)), data, len(data))[0 : len(expected)] == expected


def test_what_lies_behind_the_end_does_not_matter():
    key, data, expected = RFC_4231[1]
    more = data + b"a tag"
    assert Hmac(bytearray(128)).digest(HmacKey(unhexlify(key)), more, len(data)) == unhexlify(
        expected
    )


def test_hkdf_as_rfc_5869_has_it():
    hmac = Hmac(bytearray(264))
    for secret, salt, info, key, expected in RFC_5869:
        found = hkdf.extract(hmac, unhexlify(salt), unhexlify(secret))
        assert found == unhexlify(key)
        assert hkdf.expand(hmac, HmacKey(found), unhexlify(info), 32) == unhexlify(expected)


def test_aes_as_sp_800_38a_has_it():
    data = bytearray(unhexlify(PLAIN))
    block_cipher(unhexlify(AES_KEY)).encrypt(data, data)
    assert data == unhexlify(ECB)


def test_counter_mode_as_sp_800_38a_has_it():
    """The same steps as `KeyStream` takes: blocks that count, encrypted, over the text."""
    stream = bytearray()
    counter = bytearray(unhexlify(COUNTER))
    for _ in range(4):
        stream += counter
        counter[15] = counter[15] + 1 & 255
        if counter[15] == 0:
            counter[14] += 1
    block_cipher(unhexlify(AES_KEY)).encrypt(stream, stream)
    plain = unhexlify(PLAIN)
    assert bytes([plain[n] ^ stream[n] for n in range(64)]) == unhexlify(CTR)
