"""*Words for people.* Decides how times, browsers, ways of signing in and weak passwords are told.

Knows values; knows no page. Times are told in UTC, which is the same for everybody who compares them.
"""

from datetime import datetime

from musterbook.directory import parse_time
from musterbook.identity.new_password import MAX_LENGTH, MIN_LENGTH, PasswordWeakness
from musterbook.identity.session_store import SignInMethod

METHODS = {
    SignInMethod.PASSWORD: "Password",
    SignInMethod.SAML: "Single sign-on",
    SignInMethod.GOOGLE: "Google",
}
WEAKNESSES = {
    PasswordWeakness.TOO_SHORT: f"Use at least {MIN_LENGTH} characters.",
    PasswordWeakness.TOO_LONG: f"Use at most {MAX_LENGTH} characters.",
    PasswordWeakness.COMMON: "This password is on the lists that are tried first. Choose another.",
    PasswordWeakness.CONTEXT: "This is little more than a name that belongs to you or your organization. Add to it.",
}
DIFFERENT = "The two passwords differ. Enter the same one twice."
# A browser calls itself by the names of others too, so the order matters.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def tell_time(moment: datetime) -> str:
    """Return a time as a sentence has it."""
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def tell_stored_time(text: str) -> str:
    """Return a stored time as a sentence has it."""
    return tell_time(parse_time(text))


def tell_browser(user_agent: str) -> str:
    """Return a browser by the names that people know, as far as it tells them."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    if browser is None:
        return "Unknown browser"
    return browser if system is None else f"{browser} on {system}"
