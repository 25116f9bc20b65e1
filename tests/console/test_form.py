"""Forms: what is read of the bytes that a browser sends."""

import pytest

from musterbook.console.form import Form, UnreadableFormError, parse_form


def test_a_form_is_text_fields() -> None:
    """Fields are percent-decoded UTF-8, of a repeated one the first counts, and an empty one is there."""
    form = parse_form(b"email=+ada%40example.com+&password=+p%C3%A4ss+&email=eve%40example.com&empty=")
    assert form == Form({"email": " ada@example.com ", "password": " päss ", "empty": ""})
    assert (form.text("email"), form.exactly("password"), form.text("empty"), form.text("absent")) == (
        "ada@example.com",
        " päss ",
        "",
        "",
    )


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=a", b"&".join(b"f=1" for _ in range(101))])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """Bytes that are not UTF-8, and more fields than any form of ours has, are refused."""
    with pytest.raises(UnreadableFormError):
        parse_form(body)


def test_a_form_keeps_its_fields_out_of_logs() -> None:
    """The text form of a form holds none of its fields."""
    assert "secret" not in repr(parse_form(b"password=secret"))
