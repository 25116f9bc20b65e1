"""*SAML 2.0, the side of the service provider*: metadata, requests, responses and single logout, as plain functions.

Pure: no I/O, no clock, no chance, no storage, no web framework; lxml, signxml and cryptography only. Nothing that an
identity provider sends becomes a value before its signature was verified, and then only what that signature covers.
Beside the names below, ``saml.errors`` is a vocabulary that other rooms import as it is.
"""

from musterbook.saml.assertion import Assertion, Attribute, NameId
from musterbook.saml.bindings import Dispatch
from musterbook.saml.certificates import Certificate, ServiceKey, parse_certificate, read_service_key
from musterbook.saml.idp_metadata import read_idp_metadata
from musterbook.saml.logout import (
    LogoutRequest,
    LogoutResponse,
    receive_logout_form,
    receive_logout_query,
    send_logout_request,
    send_logout_response,
)
from musterbook.saml.parties import Binding, Endpoint, IdentityProvider, ServiceProvider, make_identity_provider
from musterbook.saml.request import AuthnRequest, make_id, send_authn_request
from musterbook.saml.response import validate_response
from musterbook.saml.sp_metadata import render_sp_metadata

__all__ = [
    "Assertion",
    "Attribute",
    "AuthnRequest",
    "Binding",
    "Certificate",
    "Dispatch",
    "Endpoint",
    "IdentityProvider",
    "LogoutRequest",
    "LogoutResponse",
    "NameId",
    "ServiceKey",
    "ServiceProvider",
    "make_id",
    "make_identity_provider",
    "parse_certificate",
    "read_idp_metadata",
    "read_service_key",
    "receive_logout_form",
    "receive_logout_query",
    "render_sp_metadata",
    "send_authn_request",
    "send_logout_request",
    "send_logout_response",
    "validate_response",
]
