"""Lists of words as one string: each word of a tuple would cost a badge 32 bytes."""


def nth_word(words: str, n: int) -> str:
    """Of `words`, which have one space between them, number `n` from 0."""
    begin = 0
    while n:
        begin = words.index(" ", begin) + 1
        n -= 1
    end = words.find(" ", begin)
    return words[begin:] if end < 0 else words[begin:end]
