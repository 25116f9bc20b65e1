"""What is checked or opened leaves nothing in a log, however much a host wants to read."""

import importlib
import io
import logging

import pytest

from tests.saml import idp
from tests.saml.parties import our_key, validate

CANARY = "canary.7f3a@acme.example"
RESPONSE = idp.RESPONSE.replace("ada@acme.example", CANARY)
SIGNED = idp.signed_assertion(RESPONSE)


@pytest.mark.parametrize("document", [SIGNED, idp.encrypt(SIGNED, our_key())], ids=["plain", "encrypted"])
def test_no_assertion_is_in_a_log(caplog: pytest.LogCaptureFixture, document: str) -> None:
    """In a server, a host that logs everything at DEBUG reads nothing of what a response says."""
    importlib.import_module("musterbook.wiring")
    caplog.set_level(logging.DEBUG)
    assert validate(document).name_id.value == CANARY
    assert CANARY not in caplog.text


def test_the_library_would_log_it(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left to itself the library writes the whole assertion: what the test above looks for would be there."""
    written = io.StringIO()
    logger = logging.getLogger("signxml")
    caplog.set_level(logging.DEBUG, logger="signxml")
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(written)])
    # Into no other log: in that of a test, nothing secret may stand.
    monkeypatch.setattr(logger, "propagate", False)
    validate(SIGNED)
    assert CANARY in written.getvalue()
