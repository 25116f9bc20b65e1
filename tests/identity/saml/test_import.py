"""Entering an identity provider: by its metadata, from its own address, and field by field."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from musterbook.directory.operation import SetSamlConnection
from musterbook.directory.saml_connection import ConnectionId, SamlBinding, SamlConnection
from musterbook.identity.saml_import import MAX_METADATA_BYTES, Entered, fetch_metadata, make_connection
from musterbook.outbound import Outbound, OutboundError, OutboundFailure
from musterbook.saml.errors import SettingsError, SettingsField
from tests.outbound.authority import Authority
from tests.outbound.listeners import Names, Speak, answer, listening
from tests.saml import idp

METADATA = idp.metadata().encode()
PRESENT = SamlConnection(
    id=ConnectionId("connection-1"),
    entity_id="https://idp.example/",
    sso_url="https://idp.example/sso",
    sso_binding=SamlBinding.POST,
    slo_url="https://idp.example/slo",
    slo_binding=SamlBinding.POST,
    certificates=(idp.acme().pem,),
    wants_signed_assertion=False,
    signs_requests=True,
)
KEPT = SetSamlConnection(
    entity_id=PRESENT.entity_id,
    sso_url=PRESENT.sso_url,
    sso_binding=SamlBinding.POST,
    slo_url=PRESENT.slo_url,
    slo_binding=SamlBinding.POST,
    certificates=PRESENT.certificates,
    wants_signed_assertion=False,
    signs_requests=True,
)


def problems(entered: Entered, present: SamlConnection | None = None) -> list[SettingsField]:
    """Return what is wrong with what was entered."""
    with pytest.raises(SettingsError) as caught:
        make_connection(entered, present, idp.NOW)
    return [problem.field for problem in caught.value.problems]


def test_metadata_are_a_connection() -> None:
    """OneLogin's document says who it is, where people go, and by which certificate it signs."""
    assert make_connection(Entered(metadata=METADATA), None, idp.NOW) == SetSamlConnection(
        entity_id=idp.IDP, sso_url=idp.SSO, slo_url=idp.SLO, certificates=(idp.acme().pem,)
    )


def test_fields_go_before_what_metadata_say() -> None:
    """What somebody types is meant, also where the document says something else."""
    entered = Entered(metadata=METADATA, sso_url="https://proxy.example/sso", slo_url="")
    made = make_connection(entered, None, idp.NOW)
    assert (made.entity_id, made.sso_url, made.slo_url) == (idp.IDP, "https://proxy.example/sso", None)


def test_what_is_not_entered_stays() -> None:
    """Nothing entered is no change; one field changes that field alone; metadata keep what is our own choice."""
    assert make_connection(Entered(), PRESENT, idp.NOW) == KEPT
    url = "https://idp.example/other"
    assert make_connection(Entered(slo_url=url), PRESENT, idp.NOW) == replace(KEPT, slo_url=url)
    assert make_connection(Entered(metadata=METADATA), PRESENT, idp.NOW).wants_signed_assertion is False


def test_certificates_are_added_and_given_up() -> None:
    """A second one comes beside all that there are, each once; a first one comes in the place of all."""
    other, third = idp.key_pair("other").pem, idp.key_pair("third").pem
    both = replace(PRESENT, certificates=(idp.acme().pem, other))
    assert make_connection(Entered(second_certificate=third), both, idp.NOW).certificates == (*both.certificates, third)
    assert make_connection(Entered(second_certificate=other), both, idp.NOW).certificates == both.certificates
    assert make_connection(Entered(certificate=other), both, idp.NOW).certificates == (other,)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    """A form shows all of it; a document that is none, or has ended, is one problem."""
    every = [SettingsField.ENTITY_ID, SettingsField.SSO_URL, SettingsField.SLO_URL, SettingsField.CERTIFICATES]
    assert problems(Entered(slo_url="http://idp.example")) == every
    assert problems(Entered(second_certificate="none"), PRESENT) == [SettingsField.CERTIFICATES]
    assert problems(Entered(metadata=b"<html/>"), PRESENT) == [SettingsField.METADATA]
    until = (idp.NOW - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = idp.metadata().replace(" entityID=", f' validUntil="{until}" entityID=').encode()
    assert problems(Entered(metadata=ended)) == [SettingsField.METADATA]


async def fetch(authority: Authority, speak: Speak) -> bytes:
    """Fetch what stands at OneLogin's Issuer URL, where a server speaks so."""
    names = Names(app_onelogin_example=[["127.0.0.1"]])
    outbound = Outbound((ip_network("127.0.0.1/32"),), names, authority.client())
    async with listening(speak, tls=authority.server("app.onelogin.example")) as server:
        return await fetch_metadata(outbound, f"https://app.onelogin.example:{server.port}/saml/metadata/6c1f7a0e")


async def test_metadata_are_fetched_from_the_issuers_address(authority: Authority) -> None:
    """OneLogin's Issuer URL is its name, and its metadata stand there."""
    fetched = await fetch(authority, answer(METADATA, "Content-Type: application/xml"))
    assert make_connection(Entered(metadata=fetched), None, idp.NOW).entity_id == idp.IDP


@pytest.mark.parametrize(
    "speak, expected",
    [
        (answer(b"x" * (MAX_METADATA_BYTES + 1)), OutboundFailure.TOO_LARGE),
        (answer(b"", "Location: https://127.0.0.1/", status="302 Found"), OutboundFailure.REDIRECT),
        (answer(b"", status="404 Not Found"), OutboundFailure.STATUS),
    ],
    ids=["large", "redirect", "missing"],
)
async def test_an_address_that_gives_no_metadata(authority: Authority, speak: Speak, expected: OutboundFailure) -> None:
    """More than 1 MiB is not read, and nobody is sent on to another address."""
    with pytest.raises(OutboundError) as caught:
        await fetch(authority, speak)
    assert caught.value.failure is expected


async def test_addresses_inside_are_not_asked() -> None:
    """Neither this machine nor the service of a cloud that gives away its keys."""
    for url in ("https://127.0.0.1/metadata", "https://169.254.169.254/latest/meta-data", "http://10.0.0.1/"):
        with pytest.raises(OutboundError) as caught:
            await fetch_metadata(Outbound(), url)
        assert caught.value.failure in {OutboundFailure.NOT_PUBLIC, OutboundFailure.NOT_HTTPS}
