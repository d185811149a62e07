import hashlib

from cryptolib import aes

AES_COUNT = 200
SHA_COUNT = 100
block = bytearray(16)
cipher = aes(bytes(16), 1)  # 1: ECB
begun = time.ticks_us()
for _ in range(AES_COUNT):
    cipher.encrypt(block, block)
aes_us = time.ticks_diff(time.ticks_us(), begun) // AES_COUNT
data = bytes(55)  # one block of SHA-256, padding included
begun = time.ticks_us()
for _ in range(SHA_COUNT):
    hashlib.sha256(data).digest()
tell(aes_us=aes_us, sha_us=time.ticks_diff(time.ticks_us(), begun) // SHA_COUNT)
