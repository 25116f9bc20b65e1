"""*What a form sent.* Reads the bytes of a form as text fields.

Knows ``application/x-www-form-urlencoded`` (WHATWG URL §5.1) and no page. The bytes were bounded before they came here;
how many fields they make is bounded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 100


class UnreadableFormError(Exception):
    """The bytes are no form of text fields."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form. They are left out of its text form, for passwords are among them."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Return a field without spaces around it; empty where it was not sent."""
        return self.fields.get(name, "").strip()

    def exactly(self, name: str) -> str:
        """Return a field as it was typed, such as a password; empty where it was not sent."""
        return self.fields.get(name, "")


def parse_form(body: bytes) -> Form:
    """Return the form in ``body``. Of a field that is repeated, the first counts.

    Raises:
        UnreadableFormError: it is not UTF-8, or has too many fields.
    """
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:  # A UnicodeDecodeError is one.
        raise UnreadableFormError("The form is not UTF-8, or has too many fields.") from error
    return Form(dict(reversed(pairs)))
