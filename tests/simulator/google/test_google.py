"""The simulated Google is as strict as Google, and its tokens are what libraries expect of tokens."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

from musterbook.simulator import SimulatorError
from musterbook.simulator.google import Client, Fault, GoogleAccounts, consumer, serve_google, workspace_person
from musterbook.simulator.google.tokens import code_challenge, half_hash

REDIRECT_URI = "http://127.0.0.1:8000/google/callback"
CLIENT = Client(id="client.example", secret="s+/=&%", redirect_uris=(REDIRECT_URI,))
ADA = workspace_person("ada@acme.example")
EVE = consumer("eve@gmail.com")
VERIFIER = "v" * 43
ASKED = {
    "client_id": CLIENT.id,
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid email profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}
FORM = {"identifier": ADA.email, "password": ADA.password, "action": "next"}


class Clock:
    """A clock that a test moves."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleAccounts]:
    """Yield Google."""
    with serve_google(CLIENT, (ADA, EVE), clock=Clock()) as served:
        yield served


@pytest.fixture
def http(google: GoogleAccounts) -> Iterator[httpx.Client]:
    """Yield a browser, which is also the application's server; Google makes no mistakes."""
    google.faults = frozenset()
    with httpx.Client(base_url=google.issuer, trust_env=False) as client:
        yield client


def authorize(http: httpx.Client, asked: dict[str, str] | None = None, **form: str) -> httpx.Response:
    """Fill in the form."""
    return http.post(f"/o/oauth2/v2/auth?{urlencode(ASKED if asked is None else asked)}", data={**FORM, **form})


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """Return what the browser is sent back with."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["Location"]
    assert location.startswith(f"{REDIRECT_URI}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def redeem(http: httpx.Client, granted: str, /, **changes: str | None) -> httpx.Response:
    """Ask for tokens with parameters that are right, apart from the changes."""
    asked = {
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
        "code": granted,
        "code_verifier": VERIFIER,
        **changes,
    }
    return http.post("/token", data={name: value for name, value in asked.items() if value is not None})


def test_the_discovery_document(google: GoogleAccounts, http: httpx.Client) -> None:
    """The document is about the origin that it stands at, and announces what is answered."""
    document = http.get(google.discovery_url).json()
    assert document["issuer"] == google.issuer
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    endpoints = [document[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    assert [http.get(address).status_code for address in endpoints] == [401, 405, 200]


def test_a_token_is_one(google: GoogleAccounts, http: httpx.Client) -> None:
    """A library that knows nothing of this Google verifies the token with the published keys."""
    back = sent_back(authorize(http))
    assert {**back, "code": "", "scope": ""} == {
        "state": "s",
        "iss": google.issuer,
        "code": "",
        "scope": "",
        "authuser": "0",
        "hd": "acme.example",
        "prompt": "none",
    }
    answer = redeem(http, back["code"]).json()
    published: KeySetSerialization = http.get("/oauth2/v3/certs").json()
    token = jwt.decode(answer["id_token"], KeySet.import_key_set(published), algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "kid": google.signing_key.key_id, "typ": "JWT"}
    assert token.claims == {
        "iss": google.issuer,
        "azp": CLIENT.id,
        "aud": CLIENT.id,
        "sub": ADA.subject,
        "hd": "acme.example",
        "email": "ada@acme.example",
        "email_verified": True,
        "name": "Ada Merriweather",
        "picture": f"https://lh3.googleusercontent.com/a/{ADA.subject}=s96-c",
        "given_name": "Ada",
        "family_name": "Merriweather",
        "at_hash": half_hash(answer["access_token"]),
        "nonce": "n",
        "iat": 1_700_000_000,
        "exp": 1_700_003_600,
    }
    assert (len(ADA.subject), ADA.subject.isdigit(), answer["token_type"]) == (21, True, "Bearer")


def test_a_consumer_belongs_to_nobody(http: httpx.Client) -> None:
    """An account that anybody can open has no ``hd``, neither in the redirect nor in the token."""
    back = sent_back(authorize(http, identifier=EVE.email))
    payload = redeem(http, back["code"]).json()["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert ("hd" in back, "hd" in claims, claims["email"]) == (False, False, "eve@gmail.com")


@pytest.mark.parametrize(
    "changes, status, code",
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"redirect_uri": REDIRECT_URI + "/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"response_type": None}, 400, "invalid_request"),
        ({"scope": "email"}, 400, "invalid_request"),
        ({"scope": None}, 400, "invalid_request"),
        ({"code_challenge_method": "S512"}, 400, "invalid_request"),
    ],
)
def test_a_request_that_google_blocks(
    http: httpx.Client, changes: dict[str, str | None], status: int, code: str
) -> None:
    """A wrong request ends on a page of Google's; nobody is sent anywhere, whether it was a GET or a POST."""
    asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    shown = http.get(f"/o/oauth2/v2/auth?{urlencode(asked)}")
    posted = authorize(http, asked)
    assert {(page.status_code, f"Error {status}: {code}" in page.text) for page in (shown, posted)} == {(status, True)}


def test_the_form(http: httpx.Client) -> None:
    """The form says who is asking, fills in the hint, and never repeats what was typed as markup."""
    shown = http.get(f"/o/oauth2/v2/auth?{urlencode({**ASKED, 'login_hint': 'ada@acme.example'})}")
    assert shown.status_code == 200
    assert "to continue to <strong>Musterbook</strong>" in shown.text
    assert 'value="ada@acme.example"' in shown.text
    again = authorize(http, identifier='"><script>')
    assert (again.status_code, "<script>" in again.text, "find your Google Account" in again.text) == (200, False, True)
    assert "Wrong password" in authorize(http, password="guess").text


def test_cancelling(google: GoogleAccounts, http: httpx.Client) -> None:
    """Who cancels is sent back with an error, and without a code."""
    assert sent_back(authorize(http, action="cancel")) == {
        "state": "s",
        "iss": google.issuer,
        "error": "access_denied",
    }


@pytest.mark.parametrize(
    "changes, status, error",
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"code": "4/0Anothing"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch"),
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
    ],
)
def test_a_request_for_tokens_that_google_refuses(
    http: httpx.Client, changes: dict[str, str | None], status: int, error: str
) -> None:
    """Each parameter is compared; the same request without the change is answered."""
    refused = redeem(http, sent_back(authorize(http))["code"], **changes)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert redeem(http, sent_back(authorize(http))["code"]).status_code == 200


def test_the_application_may_use_the_header(http: httpx.Client) -> None:
    """RFC 6749 §2.3.1: the id and secret may come in the header, encoded as forms are."""
    code = sent_back(authorize(http))["code"]
    asked = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code": code, "code_verifier": VERIFIER}
    assert http.post("/token", data=asked, headers={"Authorization": "Basic !"}).status_code == 401
    assert http.post("/token", data=asked, auth=(CLIENT.id, "s%2B%2F%3D%26%25")).status_code == 200


def test_a_code_is_good_once_and_for_ten_minutes(google: GoogleAccounts, http: httpx.Client) -> None:
    """A code that was redeemed, whose verifier was guessed, or that is old gives nothing."""
    used, guessed, old = (sent_back(authorize(http))["code"] for _ in range(3))
    assert redeem(http, used).status_code == 200
    assert redeem(http, guessed, code_verifier="w" * 43).status_code == 400
    assert [redeem(http, code).json()["error"] for code in (used, guessed)] == ["invalid_grant"] * 2
    clock = google._clock
    assert isinstance(clock, Clock)
    clock.now += 601
    try:
        assert redeem(http, old).json()["error"] == "invalid_grant"
    finally:
        clock.now -= 601
    google.faults = frozenset({Fault.TOKEN_SECOND_ANSWER})
    assert redeem(http, used).status_code == 200


def test_an_application_without_pkce(http: httpx.Client) -> None:
    """Google asks nobody for PKCE; who uses the method ``plain`` must bring the challenge itself."""
    without = {name: value for name, value in ASKED.items() if not name.startswith("code_challenge")}
    assert redeem(http, sent_back(authorize(http, without))["code"], code_verifier=None).status_code == 200
    plain = {**without, "code_challenge": VERIFIER}
    assert redeem(http, sent_back(authorize(http, plain))["code"]).status_code == 200
    assert redeem(http, sent_back(authorize(http, plain))["code"], code_verifier="w").status_code == 400


def test_an_application_without_state_and_nonce(http: httpx.Client) -> None:
    """What was not sent does not come back."""
    bare = {name: value for name, value in ASKED.items() if name not in {"state", "nonce"}}
    back = sent_back(authorize(http, bare))
    payload = redeem(http, back["code"]).json()["id_token"].split(".")[1]
    assert ("state" in back, b"nonce" in base64.urlsafe_b64decode(payload + "==")) == (False, False)


@pytest.mark.parametrize(
    "uri", ["http://directory.example.com/google/callback", "https://a.example/#top", "/google/callback"]
)
def test_a_redirect_uri_that_google_does_not_register(uri: str) -> None:
    """Redirect URIs are https or loopback, and have no fragment."""
    with pytest.raises(SimulatorError, match="redirect URI"):
        Client(id="c", secret="s", redirect_uris=(uri,))
