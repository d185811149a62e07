import hashlib
import os
from binascii import hexlify

from cryptolib import aes

AES_COUNT = 200
SHA_COUNT = 100
wrong = []
# The examples of FIPS 197 and FIPS 180.
block = bytearray(range(0, 256, 17))
aes(bytes(range(16)), 1).encrypt(block, block)
if hexlify(block) != b"69c4e0d86a7b0430d8cdb78070b4c55a":
    wrong.append("AES")
if hexlify(hashlib.sha256(b"abc").digest())[:16] != b"ba7816bf8f01cfea":
    wrong.append("SHA-256")
if os.urandom(16) == os.urandom(16):
    wrong.append("random numbers")
cipher = aes(bytes(16), 1)  # 1: ECB
begun = time.ticks_us()
for _ in range(AES_COUNT):
    cipher.encrypt(block, block)
aes_us = time.ticks_diff(time.ticks_us(), begun) // AES_COUNT
data = bytes(55)  # one block of SHA-256, padding included
begun = time.ticks_us()
for _ in range(SHA_COUNT):
    hashlib.sha256(data).digest()
tell(
    wrong=", ".join(wrong),
    aes_us=aes_us,
    sha_us=time.ticks_diff(time.ticks_us(), begun) // SHA_COUNT,
)
