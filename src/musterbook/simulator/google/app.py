"""*Google, for applications that sign people in.* Decides what each endpoint answers.

Knows HTTP as Starlette has it. The paths, the parameters and the shapes of answers are those of Google's page "OpenID
Connect" and of its discovery document; a request that Google refuses is refused here. Unlike Google it keeps nobody
signed in: every visit shows the form.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from musterbook.simulator.google.faults import CLAIM_EDITS, DISCOVERY_EDITS, REDIRECT_EDITS, Fault, apply_faults
from musterbook.simulator.google.grants import (
    AuthorizationRequest,
    BlockedError,
    Client,
    Grant,
    Grants,
    TokenRefusedError,
    authenticate,
    read_authorization_request,
)
from musterbook.simulator.google.pages import blocked_page, sign_in_page
from musterbook.simulator.google.people import Claims, GooglePerson
from musterbook.simulator.google.tokens import WEAK_KEY_BITS, SigningKey, half_hash, make_token

DISCOVERY_PATH = "/.well-known/openid-configuration"
_AUTHORIZATION_PATH = "/o/oauth2/v2/auth"
_KEYS_PATH = "/oauth2/v3/certs"
_TOKEN_PATH = "/token"  # noqa: S105 it is where tokens are asked for
_TOKEN_SECONDS = 3600
_SCOPES = "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile"


class GoogleAccounts:
    """An ASGI application that is Google for the people and the one application that it knows."""

    def __init__(
        self,
        issuer: str,
        client: Client,
        people: Iterable[GooglePerson],
        *,
        key: SigningKey | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Be Google at the origin ``issuer``. Making a key takes a while, so tests hand in one that they share."""
        self.issuer = issuer
        self.client = client
        self.people = {person.email.lower(): person for person in people}
        self.faults: frozenset[Fault] = frozenset()
        """What goes wrong from now on."""
        self.requests: list[str] = []
        """The method and path of every request, oldest first."""
        self._clock = clock
        self.signing_key = key or SigningKey()
        self.published_keys = [self.signing_key]
        self._grants = Grants()
        self._starlette = Starlette(
            routes=[
                Route(DISCOVERY_PATH, self._discover, methods=["GET"]),
                Route(_KEYS_PATH, self._show_keys, methods=["GET"]),
                Route(_AUTHORIZATION_PATH, self._ask, methods=["GET"]),
                Route(_AUTHORIZATION_PATH, self._decide, methods=["POST"]),
                Route(_TOKEN_PATH, self._redeem, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.requests.append(f"{scope['method']} {scope['path']}")
        if Fault.SILENT in self.faults:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._starlette(scope, receive, send)

    @property
    def discovery_url(self) -> str:
        """Where an application learns everything else."""
        return self.issuer + DISCOVERY_PATH

    def rotate_keys(self, key: SigningKey | None = None, *, forget: bool = False) -> None:
        """Sign with a new key from now on; the old ones stay in the list unless they are to be forgotten."""
        self.signing_key = key or SigningKey()
        self.published_keys = [self.signing_key, *([] if forget else self.published_keys)]

    # Documents

    async def _discover(self, _request: Request) -> Response:
        document: Claims = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + _AUTHORIZATION_PATH,
            "token_endpoint": self.issuer + _TOKEN_PATH,
            "jwks_uri": self.issuer + _KEYS_PATH,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code"],
            "authorization_response_iss_parameter_supported": True,
        }
        document = apply_faults(document, self.faults, DISCOVERY_EDITS)
        return self._document(document, down=Fault.DISCOVERY_DOWN, not_json=Fault.DISCOVERY_NOT_JSON)

    async def _show_keys(self, _request: Request) -> Response:
        keys = [] if Fault.KEYS_EMPTY in self.faults else [key.jwk for key in self.published_keys]
        if Fault.KEYS_WEAK in self.faults:
            keys = [SigningKey(WEAK_KEY_BITS).jwk]
        return self._document({"keys": keys}, down=Fault.KEYS_DOWN, not_json=Fault.KEYS_NOT_JSON)

    def _document(self, document: Claims, *, down: Fault, not_json: Fault) -> Response:
        if down in self.faults:
            return PlainTextResponse("Service Unavailable", 503)
        if not_json in self.faults:
            return HTMLResponse("<h1>Welcome to this hotel's network</h1>")
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=3600"})

    # The browser

    async def _ask(self, request: Request) -> Response:
        try:
            asked = self._read(request)
        except BlockedError as error:
            return _blocked(error)
        return HTMLResponse(sign_in_page(self.client.name, identifier=asked.login_hint))

    async def _decide(self, request: Request) -> Response:
        try:
            asked = self._read(request)
        except BlockedError as error:
            return _blocked(error)
        form = await _form(request)
        if form.get("action") == "cancel":
            return self._send_back(asked, {"error": "access_denied"})
        typed = form.get("identifier", "")
        person = self.people.get(typed.lower())
        if person is None:
            return self._ask_again(typed, "Couldn't find your Google Account")
        if not secrets.compare_digest(person.password.encode(), form.get("password", "").encode()):
            return self._ask_again(typed, "Wrong password. Try again.")
        answer: Claims = {"code": self._grants.grant(asked, person, self._now()), "scope": _SCOPES, "authuser": "0"}
        if person.hosted_domain is not None:
            answer["hd"] = person.hosted_domain
        return self._send_back(asked, {**answer, "prompt": "none"})

    def _read(self, request: Request) -> AuthorizationRequest:
        return read_authorization_request(self.client, dict(request.query_params))

    def _ask_again(self, typed: str, problem: str) -> Response:
        return HTMLResponse(sign_in_page(self.client.name, identifier=typed, problem=problem))

    def _send_back(self, asked: AuthorizationRequest, answer: Claims) -> Response:
        state: Claims = {} if asked.state is None else {"state": asked.state}
        parameters = apply_faults({**state, "iss": self.issuer, **answer}, self.faults, REDIRECT_EDITS)
        return RedirectResponse(f"{asked.redirect_uri}?{urlencode(parameters)}", 302)

    # The application's server

    async def _redeem(self, request: Request) -> Response:
        if Fault.TOKEN_DOWN in self.faults:
            return PlainTextResponse("Service Unavailable", 503)
        if Fault.TOKEN_NOT_JSON in self.faults:
            return HTMLResponse("<h1>Welcome to this hotel's network</h1>")
        if Fault.TOKEN_REDIRECTS in self.faults:
            return RedirectResponse(self.issuer + _KEYS_PATH, 307)
        asked = await _form(request)
        try:
            authenticate(self.client, request.headers.get("authorization"), asked)
            again = Fault.TOKEN_SECOND_ANSWER in self.faults
            grant = self._grants.redeem(asked, self._now(), again=again)
        except TokenRefusedError as error:
            return JSONResponse({"error": error.code, "error_description": error.detail}, error.status)
        return JSONResponse(self._tokens(grant), headers={"Cache-Control": "no-store"})

    def _tokens(self, grant: Grant) -> Claims:
        access_token = f"ya29.{secrets.token_urlsafe(48)}"
        answer: Claims = {
            "access_token": access_token,
            "expires_in": _TOKEN_SECONDS - 1,
            "scope": _SCOPES,
            "token_type": "Bearer",
        }
        if Fault.NO_TOKEN in self.faults:
            return answer
        now = self._now()
        claims: Claims = {
            "iss": self.issuer,
            "azp": self.client.id,
            "aud": self.client.id,
            **grant.person.claims,
            "at_hash": half_hash(access_token),
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
        }
        if grant.request.nonce is not None:
            claims["nonce"] = grant.request.nonce
        claims = apply_faults(claims, self.faults, CLAIM_EDITS)
        return {**answer, "id_token": make_token(claims, self.signing_key, self.faults)}

    def _now(self) -> int:
        return int(self._clock())


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _blocked(error: BlockedError) -> Response:
    return HTMLResponse(blocked_page(error.status, error.code, error.detail), error.status)
