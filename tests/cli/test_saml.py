"""*musterbook saml …*"""

import io
import re
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, GRACE, Result, Shell
from tests.saml import idp

ROOT = "http://127.0.0.1:8000/saml/acme"
BREAK_GLASS = "admin@acme.example"


def certificate(name: str = "acme", *, days: float = 365) -> str:
    """Return a certificate that ends in so many days from now, in PEM."""
    private, subject = idp.key_pair(name).private, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days, minutes=5))
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def written(name: str, text: str) -> str:
    """Write a file in the working folder of the test, and return its name."""
    Path(name).write_text(text, encoding="utf-8")
    return name


def connect(shell: Shell, *options: str) -> Result:
    """Connect acme to OneLogin by its metadata."""
    return shell.done("saml", "set", "acme", "--metadata", written("onelogin.xml", idp.metadata()), *options)


def test_before_anything_is_connected(shell: Shell) -> None:
    """What a provider's form asks for is there first: names, addresses, and the expression that OneLogin wants."""
    shell.make_tenant()
    assert shell.rows("saml", "show", "acme") == {
        "tenant": "acme",
        "sign_in": "off",
        "allow_idp_initiated": False,
        "entity_id": f"{ROOT}/metadata",
        "metadata_url": f"{ROOT}/metadata",
        "acs_url": f"{ROOT}/acs",
        "acs_url_validator": r"^http:\/\/127\.0\.0\.1:8000\/saml\/acme\/acs$",
        "slo_url": f"{ROOT}/slo",
        "login_url": f"{ROOT}/login",
        "certificates": [],
        "identity_provider": None,
    }
    shown = shell.rows("saml", "show", "acme")
    assert re.fullmatch(shown["acs_url_validator"], shown["acs_url"])
    assert "provider             none yet" in shell.done("saml", "show", "acme").out


def test_a_provider_by_its_metadata(shell: Shell) -> None:
    """The file that the provider offers says all; the tenant gets its key; people sign in once that is said."""
    shell.make_tenant()
    shown = connect(shell, "--json").json
    provider = shown["identity_provider"]
    assert {name: value for name, value in provider.items() if name != "certificates"} == {
        "entity_id": idp.IDP,
        "sso_url": idp.SSO,
        "sso_binding": "redirect",
        "slo_url": idp.SLO,
        "slo_binding": "redirect",
    }
    assert [item["subject"] for item in provider["certificates"]] == ["CN=acme"]
    assert [(item["use"], item["subject"], item["warning"]) for item in shown["certificates"]] == [
        ("signs", "CN=acme", False)
    ]
    assert shown["sign_in"] == "off"
    shown = shell.rows("saml", "set", "acme", "--sign-in", "optional", "--allow-idp-initiated")
    assert (shown["sign_in"], shown["allow_idp_initiated"]) == ("optional", True)
    assert shown["identity_provider"]["entity_id"] == provider["entity_id"]
    assert shell.rows("saml", "set", "acme", "--no-allow-idp-initiated")["allow_idp_initiated"] is False


def test_a_provider_field_by_field(shell: Shell) -> None:
    """Where there is no metadata, its fields are typed; what is not named later stays."""
    shell.make_tenant()
    fields = ("--entity-id", "https://idp.example/", "--sso-url", "https://idp.example/sso")
    first = written("first.pem", certificate())
    shell.done("saml", "set", "acme", *fields, "--slo-url", "https://idp.example/slo", "--certificate", first)
    provider = shell.rows("saml", "set", "acme", "--slo-url", "")["identity_provider"]
    assert (provider["entity_id"], provider["sso_url"]) == ("https://idp.example/", "https://idp.example/sso")
    assert (provider["slo_url"], len(provider["certificates"])) == (None, 1)


def test_a_second_certificate_and_then_the_second_alone(shell: Shell) -> None:
    """During a change of the provider's certificates both hold, until the former one is given up."""
    shell.make_tenant()
    connect(shell)
    second = written("second.pem", certificate("second"))
    shown = shell.rows("saml", "set", "acme", "--second-certificate", second)
    assert [item["subject"] for item in shown["identity_provider"]["certificates"]] == ["CN=acme", "CN=second"]
    shown = shell.rows("saml", "set", "acme", "--certificate", second)
    assert [item["subject"] for item in shown["identity_provider"]["certificates"]] == ["CN=second"]


def test_everything_that_is_wrong_is_named_at_once(shell: Shell) -> None:
    """Each field has its sentence, and nothing is stored of any."""
    shell.make_tenant()
    bad = ("--entity-id", " x", "--sso-url", "http://idp.example", "--slo-url", "ftp://idp.example")
    result = shell("saml", "set", "acme", *bad, "--certificate", written("no.pem", "none"))
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert [line.removeprefix("Error: ").partition(":")[0] for line in result.err.splitlines()] == [
        "--entity-id",
        "--sso-url",
        "--slo-url",
        "--certificate",
    ]
    result = shell("saml", "set", "acme", "--metadata", written("no.xml", "<html/>"))
    assert (result.code, result.err[: len("Error: --metadata: ")]) == (ExitCode.USAGE, "Error: --metadata: ")
    assert shell.rows("saml", "show", "acme")["identity_provider"] is None


@pytest.mark.parametrize(
    "source, code, message",
    [
        ("missing.xml", ExitCode.NOT_FOUND, "There is no file missing.xml."),
        (".", ExitCode.FAILED, ". cannot be read: Is a directory."),
        ("https://127.0.0.1/saml/metadata", ExitCode.FAILED, "127.0.0.1 leads to an address that is not public."),
        ("https://169.254.169.254/latest", ExitCode.FAILED, "169.254.169.254 leads to an address that is not public."),
        ("http://idp.invalid/metadata", ExitCode.FAILED, "http://idp.invalid/metadata: "),
    ],
)
def test_metadata_that_cannot_be_had(shell: Shell, source: str, code: ExitCode, message: str) -> None:
    """A file that is not there, or an address that only this machine could reach."""
    shell.make_tenant()
    result = shell("saml", "set", "acme", "--metadata", source)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_metadata_that_are_too_long(shell: Shell) -> None:
    """A file above 1 MiB is not read to its end."""
    shell.make_tenant()
    long = written("long.xml", idp.metadata() + " " * 1024 * 1024)
    assert shell("saml", "set", "acme", "--metadata", long).code is ExitCode.USAGE


def test_another_provider_needs_to_be_meant(shell: Shell) -> None:
    """Metadata of somebody else would let their people in as ours: without --yes nothing changes."""
    shell.make_tenant()
    connect(shell)
    other = written("other.xml", idp.metadata().replace(idp.IDP, "https://other.example/"))
    result = shell("saml", "set", "acme", "--metadata", other)
    assert result.code is ExitCode.CONFLICT
    assert result.err.startswith(f"Error: The provider is {idp.IDP} so far, and would become https://other.example/.")
    assert shell.rows("saml", "show", "acme")["identity_provider"]["entity_id"] == idp.IDP
    shown = shell.rows("saml", "set", "acme", "--metadata", other, "--yes")
    assert shown["identity_provider"]["entity_id"] == "https://other.example/"


def test_sign_in_without_a_provider(shell: Shell) -> None:
    """There must be somebody to sign in by."""
    shell.make_tenant()
    for choice in ("optional", "only"):
        result = shell("saml", "set", "acme", "--sign-in", choice)
        assert result.code is ExitCode.CONFLICT
        assert result.err.startswith("Error: There is no SAML connection yet.")


def test_who_would_be_locked_out(shell: Shell) -> None:
    """Before single sign-on is the only way, the operator reads whom that locks out, and has to mean it."""
    key = shell.make_tenant()
    shell.scim(key, "POST", "/Users", ADA)
    shell.scim(key, "POST", "/Users", {**GRACE, "active": False})
    connect(shell)
    result = shell("saml", "set", "acme", "--sign-in", "only")
    assert result.code is ExitCode.CONFLICT
    assert [line.split(maxsplit=1) for line in result.out.splitlines()[1:]] == [
        ["ada@acme.example", "has never signed in by the identity provider"]
    ]
    assert result.err.startswith("Error: By single sign-on alone 1 person could not sign in as things stand.")
    assert shell.rows("saml", "show", "acme")["sign_in"] == "off"
    result = shell.done("saml", "set", "acme", "--sign-in", "only", "--yes")
    assert result.err == "1 person cannot sign in until they do so by the identity provider.\n"
    assert shell.rows("saml", "show", "acme")["sign_in"] == "only"
    assert shell.done("saml", "set", "acme", "--sign-in", "only").err == "", "what holds already is not asked again"


def test_where_nobody_is_locked_out_nothing_is_asked(shell: Shell) -> None:
    """The first administrator, who can be set up still, stays able to sign in by password."""
    shell.make_tenant()
    assert connect(shell, "--sign-in", "only", "--json").json["sign_in"] == "only"


def test_the_last_administrator_is_never_locked_out(shell: Shell) -> None:
    """Where no administrator could sign in any more, meaning it does not help."""
    key = shell.make_tenant()
    shell.scim(key, "POST", "/Users", ADA)
    shell.done("role", "grant", "acme", "ada@acme.example", "administrator")
    shell.done("role", "revoke", "acme", BREAK_GLASS, "administrator")
    connect(shell)
    result = shell("saml", "set", "acme", "--sign-in", "only", "--yes")
    assert result.code is ExitCode.CONFLICT
    assert result.err.startswith("Error: Nobody who can administer the organization could sign in any more.")
    assert shell.rows("saml", "show", "acme")["sign_in"] == "off"


def test_a_provider_by_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may hand the metadata over."""
    shell.make_tenant()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(idp.metadata().encode())))
    shown = shell.rows("saml", "set", "acme", "--metadata", "-", "--sign-in", "optional")
    assert (shown["identity_provider"]["entity_id"], shown["sign_in"]) == (idp.IDP, "optional")


def test_the_first_key_signs_at_once(shell: Shell) -> None:
    """Where there is none yet, there is nothing to change: a tenant may have one before its provider is known."""
    shell.make_tenant()
    result = shell.done("saml", "rotate", "acme")
    assert result.err == "This is the first key, and it signs from now on. The metadata show it.\n"
    (key,) = shell.rows("saml", "show", "acme")["certificates"]
    assert key["use"] == "signs"


def test_our_key_changes_in_three_steps(shell: Shell) -> None:
    """Each step says what comes next; one out of order ends with 4."""
    shell.make_tenant()
    connect(shell)
    result = shell.done("saml", "rotate", "acme")
    assert result.err == "Give the provider the new metadata. Next: musterbook saml rotate acme sign\n"
    assert shell("saml", "rotate", "acme").code is ExitCode.CONFLICT
    uses = []
    for step in ("sign", "finish"):
        row = shell.rows("saml", "rotate", "acme", step)
        uses.append((row["step"], [item["use"] for item in row["certificates"]]))
    assert uses == [("sign", ["signs", "former"]), ("finish", ["signs"])]
    result = shell("saml", "rotate", "acme", "finish")
    assert result == Result(
        ExitCode.CONFLICT,
        "",
        "Error: There is no former key to remove. Begin a change of keys, and let the new key sign.\n",
    )


def test_a_key_that_another_secret_has_encrypted(shell: Shell) -> None:
    """``doctor`` finds it, because a sign-in that needs no key of ours would not; a change of keys mends it."""
    shell.make_tenant()
    connect(shell)
    assert "SAML keys" not in {row["check"] for row in shell.rows("doctor")}
    written("musterbook.secret", "another-secret-of-the-tests-" * 2)
    result = shell("doctor", "--json")
    assert result.code is ExitCode.FAILED
    (finding,) = [row for row in result.json if row["check"] == "SAML keys"]
    assert finding["result"] == "failed"
    assert finding["says"].startswith("acme: its private key was encrypted by another secret key. Give that one, too,")
    for step in ("begin", "sign", "finish"):
        shell.done("saml", "rotate", "acme", step)
    assert "SAML keys" not in {row["check"] for row in shell.rows("doctor")}


class Metadata(BaseHTTPRequestHandler):
    """OneLogin's Issuer URL."""

    def do_GET(self) -> None:
        """Give the metadata."""
        content = idp.metadata().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def test_a_provider_by_its_address(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Issuer URL is enough; a network inside is asked where the operator allows it."""
    shell.make_tenant()
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/saml/metadata/6c1f7a0e"
        assert shell("saml", "set", "acme", "--metadata", url).code is ExitCode.FAILED
        monkeypatch.setenv("MUSTERBOOK_OUTBOUND_NETWORKS", "127.0.0.1/32")
        shown = shell.rows("saml", "set", "acme", "--metadata", url)
        server.shutdown()
    assert shown["identity_provider"]["entity_id"] == idp.IDP


@pytest.mark.parametrize(
    "days, told",
    [
        (31, None),
        (29, "ends on {date}, in 29 days"),
        (1, "ends on {date}, in 1 day"),
        (0.5, "ends on {date}, within a day"),
        (-2, "has ended on {date}"),
    ],
)
def test_a_certificate_that_ends_soon_is_told(shell: Shell, days: float, told: str | None) -> None:
    """``doctor`` and ``saml show`` warn from 30 days before, and say what to do; sign-ins go on."""
    shell.make_tenant()
    connect(shell, "--certificate", written("ending.pem", certificate(days=days)))
    findings = [row for row in shell.done("doctor", "--json").json if row["check"] == "certificates"]
    (pin,) = shell.done("saml", "show", "acme", "--json").json["identity_provider"]["certificates"]
    assert pin["warning"] is (told is not None)
    if told is None:
        says = "2 for SAML, of which none ends within 30 days. https ends at your proxy."
        assert findings == [{"check": "certificates", "result": "ok", "says": says}]
        return
    end = told.format(date=pin["expires_at"][:10])
    next_ = "Next: musterbook saml set acme --second-certificate FILE"
    says = f"acme: the identity provider's certificate {end}. {next_}"
    assert findings == [{"check": "certificates", "result": "notice", "says": says}]
    assert end in shell.done("saml", "show", "acme").out
