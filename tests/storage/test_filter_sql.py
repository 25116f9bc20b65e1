"""Which part of a filter becomes SQL. That it means the same is proved in ``tests/contracts/test_filters.py``."""

import pytest

from musterbook.scim import Tolerance, user_type
from musterbook.scim.filter import CompareOp, Comparison, Filter, Negation
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.path import AttrPath, resolve
from musterbook.storage.filter_sql import MAX_NESTING, POSTGRES, SQLITE, CompiledFilter, compile_filter_sql

USER = user_type()
NOTHING = CompiledFilter("TRUE", (), exact=False, indexed=False)
EMAIL = (
    "resources.id IN (SELECT indexed_values.id FROM indexed_values"
    " WHERE tenant_id = ?1 AND resource_type = ?2 AND path = ?3 AND indexed_values.value_key {})"
)


def parsed(text: str) -> Filter:
    """Return the filter of a text."""
    return parse_filter(text, USER, Tolerance())


def exact(sql: str, *parameters: str, indexed: bool = False) -> CompiledFilter:
    """Return a condition that is true for the same rows."""
    return CompiledFilter(sql, parameters, exact=True, indexed=indexed)


def necessary(sql: str, *parameters: str, indexed: bool = False) -> CompiledFilter:
    """Return a condition that is true for these rows and possibly more."""
    return CompiledFilter(sql, parameters, exact=False, indexed=indexed)


@pytest.mark.parametrize(
    "text, expected",
    [
        ('userName eq "A%"', exact("resources.unique_key = ?3", "a%", indexed=True)),
        ('userName ne "a"', exact("(resources.unique_key = ?3) IS NOT TRUE", "a")),
        ('userName gt "a"', exact("resources.unique_key > ?3", "a")),
        ('userName co "_"', exact("instr(resources.unique_key, ?3) > 0", "_")),
        ('userName co ""', exact("resources.unique_key IS NOT NULL")),
        ('userName ew "bc"', exact("substr(resources.unique_key, -2) = ?3", "bc")),
        ("userName pr", exact("resources.unique_key <> ''")),
        (
            'userName sw "a\ud7ff"',
            exact("resources.unique_key >= ?3 AND resources.unique_key < ?4", "a\ud7ff", "a\ue000", indexed=True),
        ),
        (
            'userName sw "a\U0010ffff"',
            exact("resources.unique_key >= ?3 AND resources.unique_key < ?4", "a\U0010ffff", "b", indexed=True),
        ),
        ('userName sw "\U0010ffff"', exact("resources.unique_key >= ?3", "\U0010ffff", indexed=True)),
        ('id eq "X"', exact("resources.id = ?3", "X", indexed=True)),
        ('externalId eq "X"', exact("resources.external_id = ?3", "X", indexed=True)),
        ('emails.value eq "A"', exact(EMAIL.format("= ?4"), "emails.value", "a", indexed=True)),
        (
            'emails co "A"',
            exact(
                EMAIL.replace("indexed_values.value_key {}", "instr(indexed_values.value_key, ?4) > 0"),
                "emails.value",
                "a",
            ),
        ),
        ('emails[value eq "A"]', exact(EMAIL.format("= ?4"), "emails.value", "a", indexed=True)),
        ('meta.created gt "2026-01-01T01:00:00+01:00"', exact("resources.created_at > ?3", "2026-01-01T00:00:00.000Z")),
        (
            'meta.lastModified eq "2026-01-01T00:00:00.5Z"',
            exact("resources.last_modified = ?3", "2026-01-01T00:00:00.500Z"),
        ),
        ('not (userName eq "a")', exact("(resources.unique_key = ?3) IS NOT TRUE", "a")),
        (
            'userName gt "a" or externalId eq "b"',
            exact("(resources.unique_key > ?3) OR (resources.external_id = ?4)", "a", "b"),
        ),
        (
            'userName eq "a" or externalId eq "b"',
            exact(
                "resources.id IN ("
                "SELECT resources.id FROM resources"
                " WHERE tenant_id = ?1 AND resource_type = ?2 AND resources.unique_key = ?3 UNION "
                "SELECT resources.id FROM resources"
                " WHERE tenant_id = ?1 AND resource_type = ?2 AND resources.external_id = ?4)",
                "a",
                "b",
                indexed=True,
            ),
        ),
    ],
)
def test_what_columns_and_indexes_answer_becomes_an_exact_condition(text: str, expected: CompiledFilter) -> None:
    """Comparisons of what has a column or an index become SQL with every value as a parameter."""
    assert compile_filter_sql(parsed(text), USER, SQLITE) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ('userName eq "a" and title pr', necessary("(resources.unique_key = ?3)", "a", indexed=True)),
        ('title pr and not (title eq "x" or userName eq "a")', NOTHING),
        (
            'emails[type eq "work" and value eq "a"]',
            necessary(f"({EMAIL.format('= ?4')})", "emails.value", "a", indexed=True),
        ),
        ('not (emails[type eq "work" and value eq "a"])', NOTHING),
    ],
)
def test_a_part_that_says_nothing_leaves_a_necessary_condition(text: str, expected: CompiledFilter) -> None:
    """What is left out of a conjunction makes the condition necessary, and such a condition is never negated."""
    assert compile_filter_sql(parsed(text), USER, SQLITE) == expected


@pytest.mark.parametrize(
    "text",
    [
        'title eq "a"',
        "active eq true",
        "emails pr",
        'emails.type eq "work"',
        'emails.value ne "a"',
        'emails[not (value eq "a")]',
        'name.familyName eq "a"',
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "a"',
        'meta.created eq "2026-01-01T00:00:00.0001Z"',
        'meta.resourceType eq "User"',
        'schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"',
        'userName eq "a" or title eq "a"',
    ],
)
def test_what_no_column_answers_becomes_no_condition(text: str) -> None:
    """Everything else is left to ``matches``."""
    assert compile_filter_sql(parsed(text), USER, SQLITE) == NOTHING


@pytest.mark.parametrize("literal", ["a\0", "\0", "\ud800", "a\udfff"], ids=ascii)
def test_what_no_database_takes_is_never_a_parameter(literal: str) -> None:
    """NUL and lone surrogates are left to ``matches``, by whichever attribute."""
    for name, sub in (("userName", None), ("id", None), ("externalId", None), ("emails", "value")):
        path = resolve(AttrPath(None, name, sub), USER)
        assert path is not None
        for op in CompareOp:
            assert compile_filter_sql(Comparison(path, op, literal), USER, SQLITE) == NOTHING


@pytest.mark.parametrize(
    "text, sql",
    [
        ('userName co "a"', "strpos(resources.unique_key, $3) > 0"),
        ('userName ew "a"', "right(resources.unique_key, 1) = $3"),
        ('emails.value eq "a"', EMAIL.format("= ?4").replace("?", "$")),
    ],
)
def test_postgresql_is_asked_in_its_own_words(text: str, sql: str) -> None:
    """The engines differ in placeholders and two functions."""
    assert compile_filter_sql(parsed(text), USER, POSTGRES).sql == sql


def test_no_filter_is_true_for_every_row() -> None:
    """Without a filter every row matches."""
    assert compile_filter_sql(None, USER, SQLITE) == exact("TRUE")


def test_what_lies_too_deep_is_left_out() -> None:
    """Conditions are nested no deeper than SQLite's parser follows; deeper parts are left to ``matches``."""
    filter_: Filter = parsed('userName eq "a"')
    for depth in range(1, 40):
        filter_ = Negation(filter_)
        compiled = compile_filter_sql(filter_, USER, SQLITE)
        assert (compiled != NOTHING) is (depth <= MAX_NESTING)
