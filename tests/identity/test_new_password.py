"""Which passwords somebody may choose."""

import pytest

from musterbook.identity.new_password import PasswordWeakness, WeakPasswordError, check_new_password, common_passwords

CONTEXT = ("Acme Rockets", "ada.lovelace@example.com", "Ada Lovelace")


def weakness(password: str) -> PasswordWeakness | None:
    """Return why a password of Ada's at Acme is refused, or ``None``."""
    try:
        check_new_password(password, CONTEXT)
    except WeakPasswordError as error:
        return error.weakness
    return None


@pytest.mark.parametrize(
    "password",
    [
        "kitchen-otter",
        "xqvzwkpj",
        "     otter kitchen      ",
        "ottér küche 厨房 カワウソ",
        "ALLUPPERCASEOTTERS",
        "73920481650",
        "o" + "tterkitchen" * 23,
        "acme has nice otters",
        "o\U0001f9a6\U0001f9a6\U0001f9a6tterkitchen",
    ],
)
def test_any_composition_is_taken(password: str) -> None:
    """From 8 to 256 characters of any kind, spaces and letters of any script included, without further rules."""
    assert weakness(password) is None


@pytest.mark.parametrize("password", ["", "short", "seven77", "é" * 7])
def test_a_short_password_is_refused(password: str) -> None:
    """Fewer than eight characters, as people count them, are too few."""
    assert weakness(password) is PasswordWeakness.TOO_SHORT


def test_length_has_an_end() -> None:
    """256 characters are taken, and one more is refused and not cut off."""
    longest = ("otterkitchen" * 22)[:256]
    assert [weakness(longest), weakness(longest + "x")] == [None, PasswordWeakness.TOO_LONG]


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        "password123",
        "Password2026!",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "letmein123!!",
        "sunshine",
    ],
)
def test_a_common_password_is_refused(password: str) -> None:
    """What is found in breaches most often is refused in any case, also with digits and signs behind it."""
    assert weakness(password) is PasswordWeakness.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "acmerockets",
        "AcmeRockets1",
        "acme-rockets!",
        "adalovelace99",
        "lovelace-2026",
        "musterbook1",
        "example.com1",
        "Acme_Ada_1815",
    ],
)
def test_a_word_of_the_context_is_no_password(password: str) -> None:
    """The organization's, the person's or the product's name with little beside it is refused."""
    assert weakness(password) is PasswordWeakness.CONTEXT


def test_without_a_context_the_product_is_one() -> None:
    """The product's own name is refused wherever somebody signs in."""
    with pytest.raises(WeakPasswordError, match="context"):
        check_new_password("Musterbook!")


def test_the_list_holds_what_a_guesser_tries() -> None:
    """The list has more than the 3000 entries that ASVS 6.2.4 asks for, each in lower case."""
    words = common_passwords()
    assert sum(len(word) >= 8 for word in words) > 15_000
    assert [word for word in words if len(word) < 5 or word != word.lower()] == []
