"""*Certificates and keys.* Decides which certificates may sign, how they are written, and when to warn of their end.

Pure: the present is an argument, and no key is made here. The certificate is a pin: whoever holds its key is the
identity provider, whatever the certificate says of itself, its issuer and its dates. That it has expired is a reason
to warn and not to refuse, for otherwise nobody could sign in one morning.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

WARNING_DAYS: Final = (30, 14, 7, 1)
"""How many days before the end of a certificate its administrators are told."""
MAX_CERTIFICATE_CHARACTERS: Final = 16 * 1024
_MIN_RSA_BITS = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HEADER, _FOOTER = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate whose key may sign: RSA of 2048 bits or more, or one of the curves P-256, P-384 and P-521."""

    der: bytes = field(repr=False)
    fingerprint: str
    """SHA-256 of the certificate, in lower-case hexadecimal digits: its name in lists and logs."""
    subject: str
    not_before: datetime
    not_after: datetime

    @property
    def x509(self) -> x509.Certificate:
        """Return the certificate as the cryptography library has it."""
        return x509.load_der_x509_certificate(self.der)

    @property
    def public_key(self) -> PublicKey:
        """Return the key."""
        return _checked_key(self.x509)

    @property
    def pem(self) -> str:
        """Return the certificate as it is stored, and as administrators copy it."""
        return self.x509.public_bytes(Encoding.PEM).decode()

    @property
    def base64(self) -> str:
        """Return the certificate as it stands in XML."""
        return base64.b64encode(self.der).decode()

    def expiry_warning(self, now: datetime) -> int | None:
        """Return the smallest of ``WARNING_DAYS`` that the end is within, 0 where it has passed, or ``None``."""
        left = self.not_after - now
        if left <= timedelta(0):
            return 0
        return min((days for days in WARNING_DAYS if left <= timedelta(days=days)), default=None)


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key of ours, with the certificate that our metadata shows: it signs requests and opens what is encrypted."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    certificate: Certificate


def parse_certificate(text: str) -> Certificate:
    """Return the certificate of a PEM block, or of bare base64 as metadata and some consoles show it.

    Raises:
        ValueError: it is none, or its key is too weak; the message is for administrators.
    """
    if len(text) > MAX_CERTIFICATE_CHARACTERS:
        raise ValueError("The certificate is too long.")
    try:
        der = base64.b64decode("".join(_body(text).split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject.rfc4514_string()
    except ValueError:
        raise ValueError("This is not an X.509 certificate in PEM or base64.") from None
    _checked_key(certificate)
    return Certificate(
        der=certificate.public_bytes(Encoding.DER),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject=subject,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def read_service_key(private_key_pem: bytes, certificate_pem: str) -> ServiceKey:
    """Return a key of ours from its two parts, as they are stored.

    Raises:
        ValueError: a part cannot be read, the key is not RSA, or the certificate is another key's.
    """
    certificate = parse_certificate(certificate_pem)
    private_key = load_pem_private_key(private_key_pem, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise ValueError("A service provider's key must be RSA: it has to open what is encrypted too.")  # noqa: TRY004  the value is wrong, a caller cannot see the type in it
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private_key.public_key().public_bytes(*form) != certificate.public_key.public_bytes(*form):
        raise ValueError("The certificate belongs to another key.")
    return ServiceKey(private_key, certificate)


def _body(text: str) -> str:
    """Return the base64 of the first PEM block, or the text itself where it is bare."""
    _, header, rest = text.partition(_HEADER)
    return rest.partition(_FOOTER)[0] if header else text


def _checked_key(certificate: x509.Certificate) -> PublicKey:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        key = None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    raise ValueError("The certificate's key must be RSA of at least 2048 bits, or on the curve P-256, P-384 or P-521.")
