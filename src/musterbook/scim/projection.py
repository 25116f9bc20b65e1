"""*Projection.* Decides which attributes of a resource a response shows (RFC 7644 §3.9, RFC 7643 §7 ``returned``).

Knows representations and paths; knows no HTTP. The paths that a client names are merged into a tree of names first, so
that a resource is walked once, in its own order, however many paths there are and whichever hold others.
"""

from collections.abc import Iterable
from typing import TypeAlias

from musterbook.scim.operation import Projection
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json
from musterbook.scim.schema import ResourceType, Returned

_Tree: TypeAlias = dict[str, "_Tree"]
"""Names below names: an extension's URN, an attribute, a sub-attribute. Nothing below a name means all of it."""


def project(representation: dict[str, Json], resource_type: ResourceType, projection: Projection) -> dict[str, Json]:
    """Return the part of a full representation (``schemas``, ``id``, attributes, ``meta``) that is asked for.

    ``schemas``, ``id`` and every attribute with ``returned: always`` stay whatever is asked; ``schemas`` names the
    extensions that are left.
    """
    always = {name for name in representation if _is_always_returned(name, resource_type)}
    shown: dict[str, Json]
    if projection.attributes is not None:
        shown = _only(representation, {**_tree(projection.attributes), **{name: {} for name in always}})
    else:
        excluded = _tree(projection.excluded_attributes or ())
        shown = _without(representation, {name: below for name, below in excluded.items() if name not in always})
    extensions = (item.schema.id for item in resource_type.extensions if item.schema.id in shown)
    shown["schemas"] = [resource_type.schema.id, *extensions]
    return shown


def shows_related(projection: Projection, resource_type: ResourceType) -> bool:
    """Return whether an answer shows memberships; where it does not, none need be read."""
    related = resource_type.related_attribute
    if related is None:
        return False
    if projection.attributes is not None:
        return any(_is_at(path, related) for path in projection.attributes)
    excluded = projection.excluded_attributes or ()
    return not any(_is_at(path, related) and path.sub_attribute is None for path in excluded)


def _is_at(path: BoundPath, name: str) -> bool:
    return path.extension is None and path.attribute is not None and path.attribute.name == name


def _is_always_returned(name: str, resource_type: ResourceType) -> bool:
    attribute = resource_type.attribute(name)
    return attribute is not None and attribute.returned is Returned.ALWAYS


def _tree(paths: Iterable[BoundPath]) -> _Tree:
    """Return the names of all paths; of a path and one below it, only the shorter one counts."""
    root: _Tree = {}
    for path in paths:
        names = [item.name for item in (path.attribute, path.sub_attribute) if item is not None]
        if path.extension is not None:
            names.insert(0, path.extension.id)
        node, last = root, names.pop()
        for name in names:
            if node.get(name) == {}:
                break
            node = node.setdefault(name, {})
        else:
            node[last] = {}
    return root


def _only(value: Json, tree: _Tree) -> Json:
    """Return what of ``value`` the tree names."""
    if not tree:
        return value
    if isinstance(value, list):
        return [part for element in value if (part := _only(element, tree))]
    parts = {name: _only(item, tree[name]) for name, item in value.items() if name in tree}
    return {name: part for name, part in parts.items() if not _is_hollow(part)}


def _without(value: Json, tree: _Tree) -> Json:
    """Return what of ``value`` the tree does not name."""
    if isinstance(value, list):
        return [part for element in value if (part := _without(element, tree))]
    parts = {
        name: _without(item, tree[name]) if name in tree else item
        for name, item in value.items()
        if name not in tree or tree[name]
    }
    return {name: part for name, part in parts.items() if not _is_hollow(part)}


def _is_hollow(value: Json) -> bool:
    # What has nothing left in it is unassigned, and is left out (RFC 7643 §2.5). `False` and 0 are values.
    return isinstance(value, dict | list) and not value
