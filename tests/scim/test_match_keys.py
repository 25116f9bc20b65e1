"""What strings and times are compared by: RFC 8265 §3.3 and ``xsd:dateTime``."""

import sys
import time
import unicodedata

import pytest

from musterbook.scim.match import _DOUBLE_MARKS, COMPARISON_KEY_VERSION, comparison_key, instant_key

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1)]
CHANGING = [item for item in CHARACTERS if unicodedata.combining(item) or comparison_key(item) != item]


class TestComparisonKey:
    """The mappings of UsernameCaseMapped, RFC 8265 §3.3.1, without its refusals."""

    @pytest.mark.parametrize(
        "text, key",
        [
            ("", ""),
            ("Ada@Example.COM", "ada@example.com"),
            ("".join(chr(ord(letter) + 0xFEE0) for letter in "ADA@example.com"), "ada@example.com"),
            ("a\u3000b", "a b"),
            ("ｶﾞ", "ガ"),
            ("É", "é"),
            ("E\u0301", "é"),
            ("STRASSE", "strasse"),
            ("Straße", "straße"),
            ("STRAẞE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("İ", "i\u0307"),
            ("\u212aelvin", "kelvin"),
            ("ǅ", "ǆ"),
            ("ﬁ", "ﬁ"),
            ("①", "①"),
            ("שלום", "שלום"),
            ("\0", "\0"),
        ],
    )
    def test_width_case_and_composition_do_not_matter(self, text: str, key: str) -> None:
        """Width, then lower case, then form C; compatibility characters other than those of width stay themselves."""
        assert comparison_key(text) == key

    def test_the_width_mapping_is_exactly_unicodes(self) -> None:
        """Every character that Unicode marks ``<wide>`` or ``<narrow>`` is mapped, and no other decomposition is."""
        expected = {}
        for character in CHARACTERS:
            tag, _, ordinary = unicodedata.decomposition(character).partition(" ")
            if tag in {"<wide>", "<narrow>"}:
                expected[character] = comparison_key(chr(int(ordinary, 16)))
        assert len(expected) > 200
        assert {character: comparison_key(character) for character in expected} == expected

    def test_every_mark_that_decomposes_into_marks_is_known(self) -> None:
        """The marks of a row can be counted without decomposing it: those that stand for two are mapped first."""
        decomposed = ((item, unicodedata.normalize("NFD", item)) for item in CHARACTERS)
        double = [item for item, marks in decomposed if len(marks) > 1 and unicodedata.combining(marks[0])]
        assert double == list(_DOUBLE_MARKS)

    @pytest.mark.parametrize("marks", ["\u0316\u0300", "\u0344\u0316", "\u0f73", "\uff9e\u0300", "\u0323\u0302\u0301"])
    @pytest.mark.parametrize("start", ["", "a", "\u1ea5", "\u1e69"])
    def test_many_marks_are_sorted_in_rows_of_thirty(self, start: str, marks: str) -> None:
        """UAX #15 §13: no text of marks takes more time than its length lets expect, or has an unstable key."""
        begun = time.perf_counter()
        key = comparison_key(start + marks * 100_000)
        assert time.perf_counter() - begun < 5  # in one row, minutes
        assert max(len(row) for row in key.split("\u034f")) <= 31
        assert comparison_key(key) == key

    def test_up_to_thirty_marks_stay_as_they_are(self) -> None:
        """What languages write is only normalized."""
        assert comparison_key("x" + "\u0301" * 30) == "x" + "\u0301" * 30
        assert comparison_key("x" + "\u0301" * 31) == "x" + "\u0301" * 30 + "\u034f\u0301"

    def test_the_key_of_a_key_is_the_key_itself(self) -> None:
        """One pass reaches the fixed point: for every character, and for those that change beside some that matter."""
        patterns = ("a{}", "{}\u0301", "Σ{}", "{}Σ")
        for pattern, characters in (("{}", CHARACTERS), *((pattern, CHANGING) for pattern in patterns)):
            keys = [comparison_key(pattern.format(character)) for character in characters]
            assert [comparison_key(key) for key in keys] == keys

    def test_canonically_equivalent_strings_have_one_key(self) -> None:
        """Composed and decomposed forms are the same text, and have the same key."""
        decomposed = [(item, unicodedata.normalize("NFD", item)) for item in CHARACTERS]
        pairs = [pair for pair in decomposed if pair[0] != pair[1]]
        assert len(pairs) > 10_000
        assert [pair for pair in pairs if comparison_key(pair[0]) != comparison_key(pair[1])] == []

    def test_the_version_names_the_mapping_and_unicode(self) -> None:
        """Stored keys are made anew when either changes."""
        assert f"2 (Unicode {unicodedata.unidata_version})" == COMPARISON_KEY_VERSION


class TestInstantKey:
    """``xsd:dateTime`` in the order of time (RFC 7643 §2.3.5)."""

    def test_keys_are_equal_where_the_instants_are(self) -> None:
        """Offsets, fractions with zeros at the end, the end of a day and leap seconds are ways to write an instant."""
        assert {
            instant_key(text)
            for text in (
                "2024-01-01T00:00:00Z",
                "2024-01-01T00:00:00.0000Z",
                "2024-01-01T00:00:00+00:00",
                "2024-01-01T00:00:00-00:00",
                "2024-01-01T02:00:00+02:00",
                "2023-12-31T10:00:00-14:00",
                "2023-12-31T24:00:00Z",
                "2023-12-31T23:59:60Z",
                "2024-01-01T05:29:60+05:30",
            )
        } == {"2024-01-01T00:00:00"}

    def test_keys_sort_in_the_order_of_time(self) -> None:
        """Also by fractions that no clock tells, and at both ends of the calendar."""
        instants = [
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00.0000000000000000000001Z",
            "1969-12-31T23:59:59Z",
            "2024-02-28T23:59:59.9Z",
            "2024-02-28T23:59:59.99999999999999999999Z",
            "2024-02-29T00:00:00Z",
            "2024-02-29T00:00:00+00:00",
            "2024-02-28T23:00:01-01:00",
            "9999-12-31T23:59:59.999Z",
        ]
        keys = [instant_key(text) for text in instants]
        assert None not in keys
        assert sorted(keys, key=str) == keys

    @pytest.mark.parametrize(
        "text",
        ["", "2024-01-01T00:00:00", "0001-01-01T00:00:00+00:01", "9999-12-31T24:00:00Z", "9999-12-31T23:59:60Z"],
    )
    def test_what_is_no_instant_of_the_calendar_has_no_key(self, text: str) -> None:
        """Without an offset an instant is not known; before the year 1 and after 9999 there is none."""
        assert instant_key(text) is None
