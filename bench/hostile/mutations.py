"""Changes of bytes and numbers that files of any kind may have."""

import math
import random

_TOKENS = (
    b"-1",
    b"0",
    b"99999999999",
    b"nan",
    b"inf",
    b"1e999",
    b"\0",
    b"\xff\xfe",
    b"\n",
    b"[",
    b"{",
)
_NUMBERS = (
    *(0.0, -1.0, 1e-300, -0.0, 1.5, 255.0, -5.0, 10.0),
    *(2.0**31, -(2.0**31), 2.0**63, 1e308, math.nan, math.inf, -math.inf),
)


def odd_number(seeded: random.Random) -> float:
    """A number that code may stumble over, or an ordinary one."""
    return seeded.choice([*_NUMBERS, seeded.uniform(-1000, 1000), float(seeded.randrange(-9, 99))])


def changed_bytes(content: bytes, seeded: random.Random) -> bytes:
    """Content of which some bytes are others, gone, doubled, or cut off."""
    for _ in range(seeded.choice([1, 1, 1, 2, 8])):
        place = seeded.randrange(len(content) + 1)
        size = min(seeded.choice([1, 1, 4, 64, 4096]), len(content))
        kind = seeded.randrange(7)
        if kind == 0:
            content = content[:place]
        elif kind == 1:
            content = content[:place] + seeded.randbytes(size) + content[place + size :]
        elif kind == 2:
            content = content[:place] + content[place + size :]
        elif kind == 3:
            content = content[:place] + content[place : place + size] * 2 + content[place + size :]
        elif kind == 4:
            content = content[:place] + seeded.choice(_TOKENS) + content[place:]
        elif kind == 5:
            content = content[:place] + seeded.choice(_TOKENS) + content[place + size :]
        elif content:
            flipped = bytearray(content)
            flipped[place % len(flipped)] ^= 1 << seeded.randrange(8)
            content = bytes(flipped)
    return content
