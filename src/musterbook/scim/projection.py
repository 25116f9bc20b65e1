"""*Projection.* Decides which attributes of a resource a response shows (RFC 7644 §3.9, RFC 7643 §7 ``returned``).

Knows representations and paths; knows no HTTP. The paths that a client names are merged into a tree of names first, so
that a resource is walked once, in its own order, however many paths there are and whichever hold others.

What no schema defines any more is kept in a resource and never shown: how it may be shown, nobody can say.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from musterbook.scim.operation import DEFAULT_PROJECTION, Projection
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json
from musterbook.scim.schema import Attribute, NamePath, ResourceType, Visibility

_Tree: TypeAlias = dict[str, "_Tree"]
"""Names below names: an extension's URN, an attribute, a sub-attribute. Nothing below a name means all of it."""


def project(representation: dict[str, Json], resource_type: ResourceType, projection: Projection) -> dict[str, Json]:
    """Return the part of a full representation (``schemas``, ``id``, attributes, ``meta``) that is asked for.

    ``schemas``, ``id`` and every attribute with ``returned: always`` stay whatever is asked; ``schemas`` names the
    extensions that are left.
    """
    visibility = resource_type.visibility
    unshown = (*visibility.never, *_undefined(representation, resource_type))
    shown: dict[str, Json]
    if projection.attributes is not None:
        named = {_names(path) for path in projection.attributes}
        shown = _only(representation, _tree([*named, *_always_beside(named, visibility)]))
        unshown += tuple(names for names in visibility.on_request if named.isdisjoint({names, names[:-1]}))
    else:
        excluded = {_names(path) for path in projection.excluded_attributes or ()}
        shown = _without(representation, _tree(excluded.difference(visibility.always)))
        unshown += visibility.on_request
    if unshown:
        shown = _without(shown, _tree(unshown))
    extensions = (item.schema.id for item in resource_type.extensions if item.schema.id in shown)
    shown["schemas"] = [resource_type.schema.id, *extensions]
    return shown


def _undefined(representation: dict[str, Json], resource_type: ResourceType) -> Iterator[NamePath]:
    """Yield what the resource holds and no schema defines: an operator has taken the definition away."""
    for name, value in representation.items():
        attribute, extension = resource_type.attribute(name), resource_type.extension(name)
        if extension is not None:
            for inner, inner_value in value.items():
                yield from _undefined_at((name, inner), extension.attribute(inner), inner_value)
        else:
            yield from _undefined_at((name,), attribute, value)


def _undefined_at(names: NamePath, attribute: Attribute | None, value: Json) -> Iterator[NamePath]:
    if attribute is None:
        yield names
    elif attribute.sub_attributes and not attribute.kept_as_rows:
        objects = value if isinstance(value, list) else [value]
        parts = {part for item in objects if isinstance(item, dict) for part in item}
        yield from ((*names, part) for part in parts if attribute.sub_attribute(part) is None)


def _names(path: BoundPath) -> NamePath:
    names = [item.name for item in (path.attribute, path.sub_attribute) if item is not None]
    return tuple(names) if path.extension is None else (path.extension.id, *names)


def _always_beside(named: set[NamePath], visibility: Visibility) -> Iterable[NamePath]:
    """Yield what is shown beside what is named: a sub-attribute only where others of its attribute are."""
    for names in visibility.always:
        above = names[:-1]
        is_top_level = not above or (len(above) == 1 and ":" in above[0])  # of an extension, below its URN
        if is_top_level or any(path[:-1] == above for path in named):
            yield names


def shows_related(projection: Projection, resource_type: ResourceType) -> bool:
    """Return whether an answer shows memberships; where it does not, none need be read."""
    related = resource_type.related_attribute
    if related is None or projection is DEFAULT_PROJECTION:
        return related is not None
    if projection.attributes is not None:
        return any(_is_at(path, related) for path in projection.attributes)
    excluded = projection.excluded_attributes or ()
    return not any(_is_at(path, related) and path.sub_attribute is None for path in excluded)


def _is_at(path: BoundPath, name: str) -> bool:
    return path.extension is None and path.attribute is not None and path.attribute.name == name


def _tree(paths: Iterable[NamePath]) -> _Tree:
    """Return the names of all paths; of a path and one below it, only the shorter one counts."""
    root: _Tree = {}
    for names in paths:
        node = root
        for name in names[:-1]:
            if node.get(name) == {}:
                break
            node = node.setdefault(name, {})
        else:
            node[names[-1]] = {}
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
