"""*What a filter means.* The comparison key and the evaluator (RFC 7644 §3.4.2.2, RFC 8265 §3.3)."""

import unicodedata


def comparison_key(text: str) -> str:
    """Return the key under which ``text`` is compared where case does not matter."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.lower())
