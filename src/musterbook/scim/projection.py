"""*Projection.* Decides which attributes of a resource a response shows (RFC 7644 §3.9, RFC 7643 §7 ``returned``).

Knows resources; knows no HTTP. The stored text is decoded only where a client names attributes.
"""

from collections.abc import Iterable

from musterbook.scim.operation import Projection
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json
from musterbook.scim.schema import ResourceType, Returned


def project(representation: dict[str, Json], resource_type: ResourceType, projection: Projection) -> dict[str, Json]:
    """Return the part of a full representation (``schemas``, ``id``, attributes, ``meta``) that is asked for.

    ``schemas``, ``id`` and every attribute with ``returned: always`` stay whatever is asked; ``schemas`` names the
    extensions that are left.
    """
    if projection.attributes is not None:
        shown = _named(representation, resource_type, projection.attributes)
    else:
        shown = _without(representation, resource_type, projection.excluded_attributes or ())
    shown["schemas"] = [
        resource_type.schema.id,
        *(item.schema.id for item in resource_type.extensions if item.schema.id in shown),
    ]
    return shown


def _is_always_returned(name: str, resource_type: ResourceType) -> bool:
    attribute = resource_type.attribute(name)
    return attribute is not None and attribute.returned is Returned.ALWAYS


def _named(
    representation: dict[str, Json], resource_type: ResourceType, paths: Iterable[BoundPath]
) -> dict[str, Json]:
    shown: dict[str, Json] = {
        name: value for name, value in representation.items() if _is_always_returned(name, resource_type)
    }
    for path in paths:
        _show(path, representation, shown)
    for name, value in list(shown.items()):
        if isinstance(value, list) and not all(value):
            shown[name] = [element for element in value if element]
            if not shown[name]:
                del shown[name]
    return shown


def _show(path: BoundPath, source: dict[str, Json], shown: dict[str, Json]) -> None:
    if path.extension is not None:
        if path.extension.id not in source:
            return
        source = source[path.extension.id]
        if path.attribute is None:
            shown[path.extension.id] = source
            return
        part: dict[str, Json] = dict(shown.get(path.extension.id, {}))
        _show(BoundPath(None, path.attribute, path.sub_attribute), source, part)
        if part:
            shown[path.extension.id] = part
        return
    if path.attribute is None or path.attribute.name not in source:
        return
    name, value = path.attribute.name, source[path.attribute.name]
    if path.sub_attribute is None:
        shown[name] = value
    else:
        _show_sub_attribute(name, path.sub_attribute.name, value, shown)


def _show_sub_attribute(name: str, sub: str, value: Json, shown: dict[str, Json]) -> None:
    if not isinstance(value, list):
        if sub in value:
            shown[name] = {**shown.get(name, {}), sub: value[sub]}
        return
    # Every element keeps its place until the last path is applied, so that two named sub-attributes stay together.
    before = shown.get(name) or [{} for _ in value]
    shown[name] = [
        {**kept, sub: element[sub]} if sub in element else kept for kept, element in zip(before, value, strict=True)
    ]


def _without(
    representation: dict[str, Json], resource_type: ResourceType, paths: Iterable[BoundPath]
) -> dict[str, Json]:
    shown = dict(representation)
    for path in paths:
        if path.extension is not None:
            _hide_in_extension(path, shown)
        elif path.attribute is not None and not _is_always_returned(path.attribute.name, resource_type):
            _hide(path, shown)
    return shown


def _hide_in_extension(path: BoundPath, shown: dict[str, Json]) -> None:
    if path.extension is None or path.extension.id not in shown:
        return
    if path.attribute is None:
        del shown[path.extension.id]
        return
    part = dict(shown[path.extension.id])
    _hide(BoundPath(None, path.attribute, path.sub_attribute), part)
    if part:
        shown[path.extension.id] = part
    else:
        del shown[path.extension.id]


def _hide(path: BoundPath, shown: dict[str, Json]) -> None:
    if path.attribute is None or path.attribute.name not in shown:
        return
    name, value = path.attribute.name, shown[path.attribute.name]
    if path.sub_attribute is None:
        del shown[name]
        return
    sub = path.sub_attribute.name
    if isinstance(value, list):
        left = [{key: item for key, item in element.items() if key != sub} for element in value]
        left = [element for element in left if element]
    else:
        left = {key: item for key, item in value.items() if key != sub}
    if left:
        shown[name] = left
    else:
        del shown[name]
