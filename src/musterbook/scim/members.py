"""*Members.* Decides what a request asks of the members of a group (RFC 7643 §4.2, RFC 7644 §3.5.2).

Knows groups, their members and edits; knows no tenant or database. Three ideas:

* Members are rows of their own, so a request is turned into a change of the *set* of members (:class:`MembersEdit`).
  Where its operations name members by their ids, as nearly all do, that takes no look at those who are there.
* An id says who is meant. To add who is there or to remove who is not is no change, however often it is sent.
* Who the ids belong to, only storage can say. Those that are nobody's are named in the log, or in the refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from musterbook.scim.dialects import UNKNOWN_MEMBERS, Tolerance
from musterbook.scim.errors import InvalidValueError, MutabilityError
from musterbook.scim.filter import CompareOp, Comparison, Disjunction, Filter
from musterbook.scim.match import comparison_key
from musterbook.scim.patch_change import Change
from musterbook.scim.patch_edit import (
    Append,
    Assign,
    Discard,
    Edit,
    RemoveElements,
    WriteElements,
    apply_edit,
    comparisons_of,
    refuse_long_work,
)
from musterbook.scim.resource import Json, Related, Resource, element_of
from musterbook.scim.schema import Attribute

MEMBER_TYPES: Final = ("User", "Group")
"""The names of the resource types that can be members."""


@dataclass(frozen=True, slots=True)
class MembersEdit:
    """A change of the set of members. To add who is there, or to remove who is not, is no change."""

    added: Mapping[str, str | None] = field(default_factory=dict)
    """Comparison keys of the ids that were sent (ids are their own keys; ``members.value`` is not case-exact), with the
    names under which the client adds them."""
    removed: frozenset[str] = frozenset()
    """Comparison keys of ids; none that is in ``added``."""
    replaces: bool = False
    """Whether ``added`` are all members there are to be; then nothing is in ``removed``."""
    leaves_out_unknown: bool = True
    """Whether ids that are nobody's are left out as long as one is somebody's; otherwise one of them refuses all."""


def take_members(resource: Resource, tolerance: Tolerance) -> tuple[Resource, MembersEdit | None]:
    """Return a parsed resource without its members, and what was sent of them; ``None``: they were not mentioned."""
    name = resource.resource_type.related_attribute
    if name is None or name not in resource.attributes:
        return resource, None
    attributes = dict(resource.attributes)
    members = _names_by_id(attributes.pop(name))
    edit = MembersEdit(members, replaces=True, leaves_out_unknown=tolerance.would_permit(UNKNOWN_MEMBERS))
    return replace(resource, attributes=attributes), edit


def unknown_members(ids: Sequence[str]) -> InvalidValueError:
    """Return the refusal of members who do not exist."""
    shown = ", ".join(id_[:_MAX_SHOWN_LENGTH] for id_ in ids[:_MAX_SHOWN_IDS])
    others = f" and {len(ids) - _MAX_SHOWN_IDS} more" if len(ids) > _MAX_SHOWN_IDS else ""
    return InvalidValueError(
        f"No person and no group has the id {shown}{others}. Provision the members first, then send the group again."
    )


_MAX_SHOWN_IDS = 5
_MAX_SHOWN_LENGTH = 64


# ---------------------------------------------------------------------------------------------------------------------
# PATCH


@dataclass(frozen=True, slots=True)
class MembersPatch:
    """What a PATCH does to the members of a group."""

    attribute: Attribute
    edits: tuple[Edit, ...]
    """In the order in which they are made."""
    edit: MembersEdit | None
    """All of them in one; ``None`` where that depends on who is a member, which :meth:`edit_of` then looks at."""
    leaves_out_unknown: bool

    def edit_of(self, present: Sequence[Related]) -> MembersEdit:
        """Return the one change that the edits make to a group with the members ``present``.

        DEVIATION(RFC 7644 §3.5.2): the name under which a member was added cannot be given to it afterwards either,
        because ``members.display`` is immutable and rows are added and removed, never changed.

        Raises:
            InvalidValueError: somebody would be a member without an id.
            MutabilityError: what is said of a member would change.
            NoTargetError: a path's filter selects nobody to write to.
            PayloadTooLargeError: the edits look at too many members.
        """
        elements: Json = [element_of(item) for item in present]
        sent: set[str] = set()
        visited = -len(elements)  # One look at each member is due to a group of any size.
        for edit in self.edits:
            visited += len(elements) * comparisons_of(edit)
            refuse_long_work(visited)
            if isinstance(edit, Append | Assign):
                asked = edit.elements if isinstance(edit, Append) else edit.value or ()
                sent.update(_names_by_id(asked))
            result = apply_edit(self.attribute, elements or None, _without_present(edit, elements)) or []
            if isinstance(edit, WriteElements):
                _refuse_nobody(result)
                _refuse_to_change(elements, result)
            elements = result
        before = {comparison_key(item.value) for item in present}
        after = _names_by_id(elements)
        # Who was sent and is there counts: beside somebody who is known, ids that are nobody's may be left out.
        added = {id_: name for id_, name in after.items() if id_ not in before or id_ in sent}
        return MembersEdit(added, frozenset(before - after.keys()), leaves_out_unknown=self.leaves_out_unknown)


def patch_members(changes: Iterable[Change], tolerance: Tolerance) -> MembersPatch:
    """Return what changes of the members, of which there is at least one, make together."""
    first, *others = changes
    edits = (first.edit, *(change.edit for change in others))
    leaves_out_unknown = tolerance.would_permit(UNKNOWN_MEMBERS)
    edit = _fold(edits)
    if edit is not None:
        edit = replace(edit, leaves_out_unknown=leaves_out_unknown)
    return MembersPatch(first.attribute, edits, edit, leaves_out_unknown)


def _fold(edits: Iterable[Edit]) -> MembersEdit | None:
    """Return what the edits make together, or ``None`` if one of them depends on who is a member."""
    added: dict[str, str | None] = {}
    removed: set[str] = set()
    replaces = False
    for edit in edits:
        match edit:
            case Assign(members):
                added, removed, replaces = _names_by_id(members or ()), set(), True
            case Append(members):
                sent = _names_by_id(members)
                for id_, name in sent.items():
                    added.setdefault(id_, name)
                removed.difference_update(sent)
            case Discard() | RemoveElements():
                ids = _removed_ids(edit)
                if ids is None:
                    return None
                for id_ in ids:
                    added.pop(id_, None)
                if not replaces:
                    removed.update(ids)
            case _:
                return None
    return MembersEdit(added, frozenset(removed), replaces)


def _removed_ids(edit: Discard | RemoveElements) -> list[str] | None:
    return list(_names_by_id(edit.elements)) if isinstance(edit, Discard) else _selected_ids(edit.filter)


def _selected_ids(selection: Filter) -> list[str] | None:
    """Return the ids that ``value eq "id"``, or several of these joined by ``or``, select; ``None`` for the rest."""
    terms = selection.filters if isinstance(selection, Disjunction) else (selection,)
    ids: list[str] = []
    for term in terms:
        if not isinstance(term, Comparison) or term.op is not CompareOp.EQ or str(term.path) != "value":
            return None
        ids.append(comparison_key(str(term.value)))
    return ids


def _names_by_id(elements: Iterable[Mapping[str, Json]]) -> dict[str, str | None]:
    return {comparison_key(element["value"]): element.get("display") for element in elements}


def _without_present(edit: Edit, present: Iterable[Mapping[str, Json]]) -> Edit:
    """Return an edit that adds nobody who is there: to add them again gives them no name either."""
    if not isinstance(edit, Append):
        return edit
    known = {comparison_key(element["value"]) for element in present}
    return Append([element for element in edit.elements if comparison_key(element["value"]) not in known])


def _refuse_nobody(after: Iterable[Mapping[str, Json]]) -> None:
    # A sub-attribute that is written where no element is makes one (RFC 7644 §3.5.2.1).
    if any("value" not in element for element in after):
        raise InvalidValueError("members.value is missing; it is the id of the member.")


def _refuse_to_change(before: Iterable[Mapping[str, Json]], after: Iterable[Mapping[str, Json]]) -> None:
    written = {element["value"]: element for element in after}
    if any(written.get(element["value"]) != element for element in before):
        raise MutabilityError("What is said of a member is fixed when it is added; remove it and add it again.")
