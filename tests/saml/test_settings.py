"""Settings of an identity provider: field by field, and by its metadata (S25)."""

from dataclasses import replace

import pytest

from musterbook.saml import Binding, Endpoint, IdentityProvider, make_identity_provider, read_idp_metadata
from musterbook.saml.errors import SettingsError, SettingsField
from musterbook.saml.parties import is_safe_url
from tests.saml.idp import IDP, NOW, SLO, SSO, acme, key_pair, metadata, sign, stamp
from tests.saml.parties import idp

M = SettingsField.METADATA
URLS = [
    ("https://a.example", True),
    ("https://a.example:8443/b?c=d", True),
    ("http://localhost:8080/sso", True),
    ("http://127.0.0.1/sso", True),
    ("http://[::1]:8080/sso", True),
    ("http://a.example/", False),
    ("http://localhost.evil.example/", False),
    ("ftp://a.example/", False),
    ("javascript:alert(1)", False),
    ("//a.example/", False),
    ("https:///sso", False),
    ("https://user@a.example/", False),
    ("https://a.example/#fragment", False),
    ("https://a.example:0/", False),
    ("https://a.example:x/", False),
    ("https://[a/", False),
    ("https://a.example/b c", False),
    ("https://a.example/b\n", False),
    ("https://ä.example/", False),
    ("https://a.example/" + "b" * 2030, True),
    ("https://a.example/" + "b" * 2031, False),
    ("", False),
]


def problems_of(document: str | bytes) -> list[tuple[SettingsField, str]]:
    """Return what is wrong with metadata."""
    raw = document.encode() if isinstance(document, str) else document
    with pytest.raises(SettingsError) as refused:
        read_idp_metadata(raw, now=NOW)
    assert str(refused.value) == " ".join(problem.detail for problem in refused.value.problems)
    return [(problem.field, problem.detail) for problem in refused.value.problems]


def edited(old: str, new: str) -> str:
    """Return OneLogin's metadata with one edit."""
    assert old in metadata()
    return metadata().replace(old, new)


def test_onelogins_metadata_is_a_connection() -> None:
    """The document that OneLogin offers says all that a connection is: the same as field by field."""
    assert read_idp_metadata(metadata().encode(), now=NOW) == idp()
    assert idp() == IdentityProvider(
        entity_id=IDP,
        sso=Endpoint(SSO, Binding.REDIRECT),
        certificates=idp().certificates,
        slo=Endpoint(SLO, Binding.REDIRECT),
        requires_signed_assertion=True,
        allows_idp_initiated=False,
        wants_signed_requests=False,
    )


@pytest.mark.parametrize("url, is_safe", URLS)
def test_addresses_are_complete_and_https(url: str, is_safe: bool) -> None:  # noqa: FBT001  the second column of a table
    """A browser is sent to https only, or to the machine itself, and to nothing that is written strangely."""
    assert is_safe_url(url) is is_safe


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """A form shows each field's problem, not only the first."""
    with pytest.raises(SettingsError) as refused:
        make_identity_provider(
            entity_id=" ",
            sso=Endpoint("http://a.example", Binding.POST),
            slo=Endpoint("https://a.example", Binding.POST, "ftp://a.example"),
            certificates=[acme().pem, "x", "y"],
        )
    assert [problem.field for problem in refused.value.problems] == [
        SettingsField.ENTITY_ID,
        SettingsField.SSO_URL,
        SettingsField.SLO_URL,
        SettingsField.CERTIFICATES,
        SettingsField.CERTIFICATES,
    ]


@pytest.mark.parametrize("count", [0, 11])
def test_there_are_one_to_ten_certificates(count: int) -> None:
    """Without a certificate nobody can sign, and each one is tried on each response."""
    with pytest.raises(SettingsError) as refused:
        make_identity_provider(entity_id=IDP, sso=Endpoint(SSO, Binding.POST), certificates=[acme().pem] * count)
    assert [problem.field for problem in refused.value.problems] == [SettingsField.CERTIFICATES]


def test_a_certificate_that_is_entered_twice_is_one() -> None:
    """Old and new metadata often hold the same certificate."""
    twice = metadata([acme(), key_pair("acme-next"), acme()])
    read = read_idp_metadata(twice.encode(), now=NOW)
    assert read.certificates == idp(acme(), key_pair("acme-next")).certificates
    assert idp(acme(), acme()).certificates == idp().certificates


def test_metadata_may_say_more_and_less() -> None:
    """Comments, other roles, keys for encryption and other bindings are passed over; single logout may be missing."""
    bare = edited(
        f'<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SLO}"/>', ""
    )
    assert read_idp_metadata(bare.encode(), now=NOW) == replace(idp(), slo=None)
    role = "<SPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'/>"
    more = edited("<NameIDFormat>", '<!-- keys --><KeyDescriptor use="encryption"/><NameIDFormat>')
    more = more.replace("<IDPSSODescriptor", role + "<IDPSSODescriptor")
    assert read_idp_metadata(more.encode(), now=NOW) == idp()
    any_use = edited(' use="signing"', "")
    assert read_idp_metadata(any_use.encode(), now=NOW) == idp()


def test_addresses_by_post_are_taken_where_there_are_no_others() -> None:
    """A redirect is preferred; answers of single logout may have an address of their own (Metadata §2.2.2)."""
    by_post = edited("HTTP-Redirect", "HTTP-POST").replace(
        f'Location="{SLO}"', f'Location="{SLO}" ResponseLocation="{SLO}/r"'
    )
    read = read_idp_metadata(by_post.encode(), now=NOW)
    assert (read.sso, read.slo) == (Endpoint(SSO, Binding.POST), Endpoint(SLO, Binding.POST, f"{SLO}/r"))


def test_a_wish_for_signed_requests_is_heard() -> None:
    """WantAuthnRequestsSigned is a boolean of XML Schema: true or 1."""
    for value, expected in (("true", True), ("1", True), ("false", False), ("yes", False)):
        document = edited("<IDPSSODescriptor ", f'<IDPSSODescriptor WantAuthnRequestsSigned="{value}" ')
        assert read_idp_metadata(document.encode(), now=NOW).wants_signed_requests is expected


def test_a_file_of_a_federation_must_describe_one() -> None:
    """An EntitiesDescriptor is taken if one of its entities is an identity provider of SAML 2.0, and one only."""
    entity = metadata().partition("\n")[2]
    start, end = '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">', "</EntitiesDescriptor>"
    assert read_idp_metadata(f"{start}{entity}{end}".encode(), now=NOW) == idp()
    for document in (f"{start}{entity}{entity}{end}", f"{start}{end}", entity.replace("2.0:protocol", "1.1:protocol")):
        ((field, detail),) = problems_of(document)
        assert field is M
        assert "It must describe one" in detail


@pytest.mark.parametrize("where", ["<EntityDescriptor ", "<IDPSSODescriptor "])
def test_metadata_that_is_no_longer_valid_is_refused(where: str) -> None:
    """Its validUntil is honoured, of the entity and of the role: the document is old, and its keys may be too."""
    assert read_idp_metadata(edited(where, f'{where}validUntil="{stamp(1)}" ').encode(), now=NOW) == idp()
    expired = edited(where, f'{where}validUntil="{stamp(0)}" ')
    assert problems_of(expired) == [
        (M, "The document was valid until 2026-11-24T12:00:00Z. Get it from the identity provider again.")
    ]
    assert problems_of(edited(where, f'{where}validUntil="soon" '))[0][0] is M


@pytest.mark.parametrize(
    "old, new, field",
    [
        (f'entityID="{IDP}"', "", SettingsField.ENTITY_ID),
        (f'Location="{SSO}"', "", SettingsField.SSO_URL),
        (SSO, "http://a.example/", SettingsField.SSO_URL),
        (SLO, "javascript:alert(1)", SettingsField.SLO_URL),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAAA", SettingsField.CERTIFICATES),
        ("<ds:X509Certificate>", "<ds:X509Certificate><b/>", M),
        ("X509Certificate>", "X509Digest>", SettingsField.CERTIFICATES),
        ("SingleSignOnService", "ArtifactResolutionService", M),
        ("<EntityDescriptor", "<!DOCTYPE x><EntityDescriptor", M),
        ("</EntityDescriptor>", "", M),
    ],
)
def test_what_metadata_says_is_checked_as_in_the_form(old: str, new: str, field: SettingsField) -> None:
    """What cannot be used is named with its field; what is no metadata at all is refused as a whole."""
    assert [found for found, _ in problems_of(edited(old, new))] == [field]


def test_metadata_is_bounded() -> None:
    """A document of more than a mebibyte is not read."""
    padding = " " * (1024 * 1024)
    assert problems_of(metadata() + padding) == [(M, "The document has more than 1048576 bytes.")]


def test_metadata_may_have_to_be_signed() -> None:
    """Where a key is pinned for the document, nothing in it is read that this key has not signed."""
    unsigned = metadata().replace("<EntityDescriptor ", '<EntityDescriptor ID="_m1" ')
    pinned = idp().certificates
    assert read_idp_metadata(sign(unsigned.partition("\n")[2]).encode(), now=NOW, signed_by=pinned) == idp()
    for document in (unsigned, sign(unsigned.partition("\n")[2], key=key_pair("eve"))):
        with pytest.raises(SettingsError) as refused:
            read_idp_metadata(document.encode(), now=NOW, signed_by=pinned)
        assert [problem.field for problem in refused.value.problems] == [M]
