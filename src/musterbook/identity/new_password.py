"""*New passwords.* Decides which passwords somebody may choose (OWASP ASVS 5.0 §6.2, NIST SP 800-63B §3.1.1).

Knows text; knows no account and no hash. Length counts, and what kinds of characters there are does not: no rule asks
for digits or signs. What is refused is what guessing begins with:

* **Common passwords**, those found most often in breaches: a list in this package, asked without the network. Digits
  and signs put behind a common word make it no better.
* **Words of the context**: a password that is little more than the organization's, the product's or the person's name.
"""

import gzip
from collections.abc import Iterable
from enum import Enum
from functools import cache
from importlib import resources

MIN_LENGTH = 8
MAX_LENGTH = 256
MIN_OWN_LENGTH = 6
"""How many letters and digits a password has beside the words of its context."""
MIN_WORD_LENGTH = 3
"""Shorter words are in many a good password by chance."""
_PRODUCT = "musterbook"
_LIST = "common_passwords.txt.gz"


class PasswordWeakness(Enum):
    """Why a password cannot be chosen."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    COMMON = "common"
    CONTEXT = "context"


class WeakPasswordError(Exception):
    """The password cannot be chosen."""

    def __init__(self, weakness: PasswordWeakness) -> None:
        """Keep the reason, which may be told to whoever chose it."""
        super().__init__(weakness.value)
        self.weakness = weakness


def check_new_password(password: str, context: Iterable[str] = ()) -> None:
    """Return if somebody may choose ``password``.

    ``context``: names and addresses that guessing would begin with: those of the organization and of the person.

    Raises:
        WeakPasswordError: it is too short or long, common, or little more than a word of the context.
    """
    if len(password) < MIN_LENGTH:
        raise WeakPasswordError(PasswordWeakness.TOO_SHORT)
    if len(password) > MAX_LENGTH:
        raise WeakPasswordError(PasswordWeakness.TOO_LONG)
    lower = password.lower()
    word = lower.rstrip("0123456789!?.,-_*+#$%&@ ")
    # What is left of "12345678" without its digits is nothing, and is looked up as it is.
    if not common_passwords().isdisjoint({lower, word}):
        raise WeakPasswordError(PasswordWeakness.COMMON)
    if len(_without(lower, _words(context))) < MIN_OWN_LENGTH:
        raise WeakPasswordError(PasswordWeakness.CONTEXT)


@cache
def common_passwords() -> frozenset[str]:
    """Return the common passwords of at least five characters, in lower case; digits are put behind the short ones."""
    text = gzip.decompress((resources.files(__package__) / _LIST).read_bytes()).decode()
    return frozenset(text.split("\n"))


def _words(context: Iterable[str]) -> list[str]:
    """Return the words that the context consists of, the longest first."""
    words = {_PRODUCT}
    for text in context:
        lower = text.lower()
        parts = "".join(character if character.isalnum() else " " for character in lower).split()
        words |= {"".join(parts), *parts}
    return sorted((word for word in words if len(word) >= MIN_WORD_LENGTH), key=lambda word: (-len(word), word))


def _without(lower: str, words: Iterable[str]) -> str:
    left = "".join(character for character in lower if character.isalnum())
    for word in words:
        left = left.replace(word, "")
    return left
