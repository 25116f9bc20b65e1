"""*Forged requests.* Decides whether a form was sent by the person, from a page of ours (CSRF).

Knows header fields and tokens as plain values. Two checks, and both must hold:

* The browser says from where the request came: ``Sec-Fetch-Site``, which no page can write, or ``Origin``. Where it
  says neither, nobody vouches for the request, and it is refused.
* The form carries a token that only a page of ours could know. It is made of a cookie that no page can read, one way,
  so nothing has to be stored, and a token is worth nothing in another browser or another session.
"""

import hmac
from base64 import urlsafe_b64encode

FIELD = "form_token"
"""The name of the hidden field in every form."""
_LABEL = b"musterbook form"


def form_token(cookie: str) -> str:
    """Return the token of the forms on the pages of whoever has this cookie."""
    digest = hmac.digest(cookie.encode(), _LABEL, "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_token_of(token: str, cookie: str | None) -> bool:
    """Return whether a form with this token was on a page for whoever has this cookie."""
    if cookie is None:
        return False
    return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), form_token(cookie).encode())


def is_from_our_page(*, fetch_site: str | None, origin: str | None, our_origin: str) -> bool:
    """Return whether the browser says that the request comes from a page of this server."""
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin == our_origin
