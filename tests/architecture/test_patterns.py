r"""Regular expressions: each is known by name, and none can be made to search for long.

Whoever sends text to a server chooses it so that an expression takes as long as it can. Each expression is tried, in
the ways in which the code uses it, on texts that begin as what it matches, go on with a piece of that over and over,
and end as they should not: there an expression that goes back and tries again takes quadratic time or worse.
"""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import pytest

from tests.architecture.tree import SOURCE, modules, name, parse
from tests.timing import processor_seconds

LENGTH = 100_000
SECONDS = 0.01
TAILS = ("", "\0", '"')

# What each expression matches, with every part that it has: the texts below are made from this.
EXAMPLES = {
    "directory/tenant.py SLUG": "acme-2",
    "saml/times.py _DATE_TIME": "2011-05-13T04:42:34.0125Z",
    "scim/bulk.py _IN_PATH": 'members[value eq "bulkId:ada"]',
    "scim/filter_binding.py _OFFSET_WITHOUT_PLUS": "2011-05-13T04:42:34 02:00",
    "scim/filter_parser.py _BARE_WORD": "jyoung@example.com",
    "scim/filter_tokens.py _NUMBER": "-10.05e+10",
    "scim/filter_tokens.py _STRING_BEGINNING": 'a\\"b\\u00e9',
    "scim/filter_tokens.py _TOKEN": ' \t"a\\"b\\u00e9"',
    "scim/match.py _DATE_TIME": "2011-05-13T04:42:34.0125+02:00",
    "scim/path.py ATTRIBUTE_NAME": "$ref-1_a",
    "scim/payload.py _LONE_SURROGATE": '{"a": "\\n\\u00e9\\ud83d\\ude00\\ud83d',
    "scim/payload.py _NUL": '{"a": "\\n\\u00e9\\u0000',
    "scim/payload.py _STRING": '{"a\\"b\\\\"',
    "scim/values.py _DATE_TIME": "2011-05-13T04:42:34.0125+02:00",
    "scim/versions.py _MEMBER": ' \tW/"3" ,',
    "settings.py _BASE_URL": "https://a.example:8/b/c",
    "simulator/entra/differences.py _TYPED": 'emails[type eq "work"].value',
    "simulator/onelogin/template.py _MACRO": "{$user.email}",
    "simulator/wire.py _HEADER_NAME": "X-Key",
    "simulator/wire.py _HEADER_VALUE": "a b",
    "simulator/wire.py _PRINTABLE": "/scim/v2",
    "simulator/wire.py _VERSION": "v2.0",
    "storage/migrations.py _COMPATIBLE": "\n-- compatible: yes\n",
    "storage/migrations.py _FILE_NAME": "0001_begin.sql",
}


@dataclass(frozen=True)
class Use:
    """One way in which a module uses an expression."""

    key: str
    """The key of ``EXAMPLES``."""
    pattern: re.Pattern[str] | re.Pattern[bytes]
    method: str
    """Such as ``match``."""

    def on(self, text: str) -> object:
        """Use the expression on ``text``; return what it found, if anything."""
        arguments = ("", text) if self.method == "sub" else (text,)
        if isinstance(self.pattern.pattern, bytes):
            return getattr(self.pattern, self.method)(*(argument.encode() for argument in arguments))
        return getattr(self.pattern, self.method)(*arguments)


@cache
def expressions() -> dict[str, ast.Call]:
    """Return where each expression is compiled, by the key of ``EXAMPLES``."""
    found = {}
    for path in modules(SOURCE):
        for node in parse(path).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and isinstance(value, ast.Call) and uses_re(value):
                found[f"{path.relative_to(SOURCE).as_posix()} {target.id}"] = value
    return found


def uses_re(call: ast.Call) -> bool:
    """Return whether a call is of a function of ``re``."""
    return ast.unparse(call.func).startswith("re.")


@cache
def uses() -> frozenset[Use]:
    """Return every use of an expression, wherever the module that compiles it is imported."""
    found = set()
    for path in modules(SOURCE):
        tree = parse(path)
        known = {key.split()[1]: key for key in expressions() if key.split()[0] == path.relative_to(SOURCE).as_posix()}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                source = "/".join(node.module.split(".")[1:]) + ".py"
                imported = {alias.name: f"{source} {alias.name}" for alias in node.names}
                known |= {local: key for local, key in imported.items() if key in expressions()}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
                found.add(make_use(known[node.value.id], node.attr))
    return frozenset(found)


def make_use(key: str, method: str) -> Use:
    """Return the use of an expression by one of its methods."""
    path, variable = key.split()
    module = importlib.import_module("musterbook." + path.removesuffix(".py").replace("/", "."))
    return Use(key, getattr(module, variable), method)


def adversarial(example: str) -> Iterator[str]:
    """Yield long texts that begin as the example does, repeat pieces of it, and end in something else."""
    starts = {example[:end] for end in range(0, len(example) + 1, 1 + len(example) // 12)} | {example}
    pieces = {example[start:][:length] for start in range(len(example)) for length in (1, 2)} | {example}
    for start, piece, tail in product(sorted(starts), sorted(pieces), TAILS):
        repeated = piece * (LENGTH // len(piece))
        yield start + repeated + tail


def test_expressions_are_compiled_once_and_have_names() -> None:
    """Every call of ``re`` compiles an expression for a name of its module, and each has its example here."""
    nodes = ((name(path), node) for path in modules(SOURCE) for node in ast.walk(parse(path)))
    calls = {(where, node.lineno) for where, node in nodes if isinstance(node, ast.Call) and uses_re(node)}
    named = {(f"src/musterbook/{key.split()[0]}", call.lineno) for key, call in expressions().items()}
    assert calls == named
    assert sorted(EXAMPLES) == sorted(expressions())


@pytest.mark.parametrize("key", EXAMPLES)
def test_the_example_goes_through_the_whole_expression(key: str) -> None:
    """Each expression is used somewhere, and finds its example: the texts made from it go through all of it."""
    assert [use.method for use in uses() if use.key == key and use.on(EXAMPLES[key])] != []


@pytest.mark.parametrize("key", EXAMPLES)
def test_no_text_keeps_an_expression_busy(key: str) -> None:
    """No use of an expression takes more than 10 ms for 100 000 characters that were chosen against it."""
    slow = [
        f"{use.method} {text[:80]!r}… {text[-1]!r}"
        for use in uses()
        if use.key == key
        for text in adversarial(EXAMPLES[key])
        if is_slow(use, text)
    ]
    assert slow == []


def is_slow(use: Use, text: str) -> bool:
    """Return whether a use takes too long. One look sorts out nearly all; what was slow then is measured with care."""
    started = time.thread_time()
    use.on(text)
    return time.thread_time() - started > SECONDS and processor_seconds(lambda: use.on(text)) > SECONDS
