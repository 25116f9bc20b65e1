"""*What this server is to Google.* Decides the redirect URI and who the issuer is.

Knows what was registered in Google's console; asks nobody.
"""

from dataclasses import dataclass, field

CALLBACK_PATH = "/google/callback"
"""Below the base URL. One for all tenants, because Google compares it whole; the state says which tenant is meant."""
GOOGLE_ISSUER = "https://accounts.google.com"
_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class GoogleClient:
    """This server as it is registered in Google's console."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    discovery_url: str = GOOGLE_ISSUER + _WELL_KNOWN

    @property
    def redirect_uri(self) -> str:
        """Where Google sends people back to."""
        return self.base_url + CALLBACK_PATH

    @property
    def issuer(self) -> str:
        """Who must have made the documents and tokens (OpenID Connect Discovery 1.0 §4.1)."""
        return self.discovery_url.removesuffix(_WELL_KNOWN)

    @property
    def issuer_names(self) -> frozenset[str]:
        """What the issuer is called in tokens."""
        # Google documents both spellings for its own tokens. Whoever else stands there has one.
        return frozenset({self.issuer, "accounts.google.com"} if self.issuer == GOOGLE_ISSUER else {self.issuer})
