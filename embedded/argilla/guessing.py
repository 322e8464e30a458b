"""What a stranger would guess: documented defaults, what follows from a name, what is short."""

import math
import re
from collections import Counter
from collections.abc import Iterator

# Bits by the frequency of characters, after names and well-known words are taken out.
KEY_MIN_BITS = 80.0
PASSWORD_MIN_BITS = 40.0
# Argilla's documentation, its images and compose files; then what people type instead.
DEFAULT_PASSWORDS = ("1234", "12345678", "argilla", "argilla.apikey", "rubrix")
WELL_KNOWN_PASSWORDS = (*DEFAULT_PASSWORDS, "123456", "123456789", "password", "password123")
WORDS = "argilla rubrix apikey api_key password passwort secret owner admin annotator changeme "
WORDS += "default qwerty letmein test team user key"
RUNS = re.compile(r"(.)\1{2,}|0?1234567890?|123456789?|12345678|1234|abcd(?:ef)?", re.IGNORECASE)


def is_guessable(secret: str, username: str, min_bits: float) -> bool:
    """Whether too little is left of a secret without the name, well-known words and runs."""
    rest = secret.lower()
    for word in sorted({*_parts(username), *WORDS.split()}, key=len, reverse=True):
        rest = rest.replace(word, "")
    return _bits(RUNS.sub("", rest)) < min_bits


def guesses(username: str) -> Iterator[str]:
    """Passwords to try: well-known ones, and what follows from the name."""
    yield from WELL_KNOWN_PASSWORDS
    for base in dict.fromkeys((username, username.capitalize(), *_parts(username)[1:2])):
        yield from (base + end for end in ("", "123", "1234", "12345678", base))


def _parts(username: str) -> list[str]:
    whole = username.lower()
    parts = [part for part in re.split(r"[^a-z0-9]+", whole) if len(part) > 2]
    return [part for part in dict.fromkeys((whole, *parts)) if part]


def _bits(text: str) -> float:
    counts = Counter(text)
    return -sum(n * math.log2(n / len(text)) for n in counts.values())
