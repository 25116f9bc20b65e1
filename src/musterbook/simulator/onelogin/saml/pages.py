"""*What people see.* Decides OneLogin's pages: the sign-in form, the portal, and the form that carries a response.

Knows HTML; knows no message and no state.
"""

from collections.abc import Mapping
from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem; }}
label, input {{ display: block; width: 100%; box-sizing: border-box; }}
input {{ font: inherit; padding: .5rem; margin: .25rem 0 1rem; }}
button {{ font: inherit; padding: .5rem 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
<p><small>This is a simulated OneLogin. It knows only the people that it was started with.</small></p>
</body>
</html>
"""

_SIGN_IN = """{problem}
<form method="post">
<label for="username">Username</label>
<input id="username" name="username" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Continue</button>
</form>"""

_PORTAL = """<p>You are signed in as <strong>{name}</strong>.</p>
<form method="post" action="/launch"><button>{application}</button></form>
<form method="post" action="/logout"><button>Log out</button></form>"""

_CARRIER = """<form method="post" action="{action}">
{fields}
<button>Continue</button>
</form>
<script>document.forms[0].submit()</script>"""


def sign_in_page(problem: str = "") -> str:
    """Return the form, with what is wrong with what was typed before."""
    told = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return _PAGE.format(title="Sign in to OneLogin", content=_SIGN_IN.format(problem=told))


def portal_page(name: str, application: str) -> str:
    """Return the page on which somebody chooses an application."""
    content = _PORTAL.format(name=escape(name), application=escape(application))
    return _PAGE.format(title="Your applications", content=content)


def carrier_page(application: str, action: str, fields: Mapping[str, str]) -> str:
    """Return the page whose form takes a response to the application, by itself or by a click."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    content = _CARRIER.format(action=escape(action), fields=hidden)
    return _PAGE.format(title=f"Signing in to {escape(application)}", content=content)


def told_page(title: str, text: str) -> str:
    """Return a page that says one thing."""
    return _PAGE.format(title=escape(title), content=f"<p>{escape(text)}</p>")
