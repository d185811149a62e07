"""IMA-ADPCM as its paper describes it, slowly and plainly, to check ours against.

Follows "Recommended Practices for Enhancing Digital Audio Compatibility" (IMA, 1992), section 6:
the quantizer's bits are found by successive comparison with step, step/2 and step/4, the
difference is rebuilt from them with step/8 added, predictor and index are clamped.
"""

STEPS = [
    7, 8, 9, 10, 11, 12, 13, 14,
    16, 17, 19, 21, 23, 25, 28, 31,
    34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143,
    157, 173, 190, 209, 230, 253, 279, 307,
    337, 371, 408, 449, 494, 544, 598, 658,
    724, 796, 876, 963, 1060, 1166, 1282, 1411,
    1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024,
    3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484,
    7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
    15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
]  # fmt: skip
_INDEX_CHANGE = {0: -1, 1: -1, 2: -1, 3: -1, 4: 2, 5: 4, 6: 6, 7: 8}


def clamp(value, low, high):
    return max(low, min(high, value))


class Reference:
    """Predictor and step index, changed by each four-bit code."""

    def __init__(self):
        self.predictor = 0
        self.index = 0

    def encode(self, pcm):
        """One frame: predictor, index, zero, and two codes a byte, the earlier one low."""
        header = [self.predictor >> 8 & 255, self.predictor & 255, self.index, 0]
        codes = [self._encode_sample(sample) for sample in pcm]
        return bytes(header + [a + 16 * b for a, b in zip(codes[0::2], codes[1::2])])

    def decode(self, frame):
        """The samples of one frame."""
        predictor = frame[0] * 256 + frame[1]
        self.predictor = predictor - 65536 if predictor >= 32768 else predictor
        self.index = frame[2]
        pcm = []
        for byte in frame[4:]:
            for code in (byte % 16, byte // 16):
                self._follow(code)
                pcm.append(self.predictor)
        return pcm

    def _encode_sample(self, sample):
        difference = abs(sample - self.predictor)
        code = 8 if sample < self.predictor else 0
        for bit, part in (
            (4, STEPS[self.index]),
            (2, STEPS[self.index] // 2),
            (1, STEPS[self.index] // 4),
        ):
            if difference >= part:
                code += bit
                difference -= part
        self._follow(code)
        return code

    def _follow(self, code):
        step = STEPS[self.index]
        difference = step // 8
        for bit in (4, 2, 1):
            if code & bit:
                difference += step * bit // 4
        if code & 8:
            difference = -difference
        self.predictor = clamp(self.predictor + difference, -32768, 32767)
        self.index = clamp(self.index + _INDEX_CHANGE[code & 7], 0, 88)
