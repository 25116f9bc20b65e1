"""*One resource, as answers show it.* Decides the text of a resource in an answer (RFC 7643 §3, RFC 7644 §3.9).

Knows stored texts, projections and the base URL; knows no status and no header. What does not differ between the
resources of one answer is worked out once, then the stored text is spliced into the answer as it is; only where a
client names attributes, or needs a name that is not there, is it decoded.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from musterbook.scim.dialects import Tolerance
from musterbook.scim.operation import CreateResource, ReplaceResource, SearchResources
from musterbook.scim.projection import project
from musterbook.scim.protocol import Exchange
from musterbook.scim.render_dialects import WHOLE_NAME
from musterbook.scim.resource import Json, Related, StoredResource
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import Service

Representation: TypeAlias = Callable[[StoredResource], str]
"""Returns the text of a resource of one type."""

_WHOLE_NAME_MARKS = ('"givenName":"', '"familyName":"')
"""In JSON text a quotation mark inside a value is escaped, so these stand only where the attribute has a value."""
_HEAD, _HEAD_END = len('{"schemas":["'), '"],"id":'
"""What stands before and behind the URNs at the beginning of a stored text; that one of them is defined no longer is
seen there without decoding."""
_ENCODER = msgspec.json.Encoder()


def representation(resource_type: ResourceType, exchange: Exchange, service: Service) -> Representation:
    """Return what shows resources of ``resource_type`` in the answer to ``exchange``."""
    projection, tolerance = exchange.projection_of(resource_type), exchange.tolerance
    is_whole = projection.is_default and resource_type.visibility.is_plain
    urns = {resource_type.schema.id, *(item.schema.id for item in resource_type.extensions)}
    needs_name = tolerance.idp in WHOLE_NAME.presets and _looks_at_names(exchange)
    # The values are ours and need no escaping: a checked base URL, an id, two times in one fixed form, a number.
    created = f',"meta":{{"resourceType":"{resource_type.name}","created":"'
    location = f'","location":"{service.base_url}{resource_type.endpoint}/'

    def show(stored: StoredResource) -> str:
        meta, document = stored.meta, stored.document
        if needs_name and not all(mark in document for mark in _WHOLE_NAME_MARKS):
            document = _with_whole_name(document, resource_type, tolerance)
        related = _related(stored.related, resource_type, service) if stored.related else ""
        text = (
            f'{document[:-1]}{related}{created}{meta.created}","lastModified":"{meta.last_modified}'
            f'{location}{stored.id}","version":"W/\\"{meta.version}\\""}}}}'
        )
        if is_whole and urns.issuperset(document[_HEAD : document.find(_HEAD_END)].split('","')):
            return text
        return _ENCODER.encode(project(msgspec.json.decode(text), resource_type, projection)).decode()

    return show


def _related(related: Sequence[Related], resource_type: ResourceType, service: Service) -> str:
    """Return the member of a JSON object that shows memberships; written by hand, for there may be 100 000 of them."""
    # Here too nothing needs escaping but the names that clients give: ids and types are ours.
    locations = service.locations
    elements = [
        f'{{"value":"{value}","$ref":"{locations[type_name]}{value}","type":"{type_}"'
        + ("}" if display is None else f',"display":{_ENCODER.encode(display).decode()}}}')
        for value, type_name, type_, display in related
    ]
    return f',"{resource_type.related_attribute}":[{",".join(elements)}]'


def _looks_at_names(exchange: Exchange) -> bool:
    # OneLogin looks people up, creates them and replaces them; what others ask with its key is answered as it is.
    return isinstance(exchange.operation, CreateResource | ReplaceResource | SearchResources)


def _with_whole_name(document: str, resource_type: ResourceType, tolerance: Tolerance) -> str:
    """Return the text of a person with a first and a last name, empty where there is none."""
    if resource_type.attribute("name") is None or not tolerance.permits(WHOLE_NAME):
        return document
    attributes: dict[str, Json] = msgspec.json.decode(document)
    attributes["name"] = {"givenName": "", "familyName": "", **attributes.get("name", {})}
    return _ENCODER.encode(attributes).decode()
