"""*What people see.* Decides the sign-in form, and the page on which Google says that an application is set up wrongly.

Knows HTML; knows no tokens and no state.
"""

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
<h1>{title}</h1>
{content}
<p><small>This is a simulated Google. It knows only the people that it was started with.</small></p>
</body>
</html>
"""

_FORM = """<p>to continue to <strong>{application}</strong></p>
{problem}
<form method="post">
<label for="identifier">Email</label>
<input id="identifier" name="identifier" type="email" autocomplete="username" value="{identifier}" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<button name="action" value="next">Next</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</form>"""


def sign_in_page(application: str, *, identifier: str = "", problem: str = "") -> str:
    """Return the form, with what is wrong with what was typed before."""
    told = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    form = _FORM.format(application=escape(application), problem=told, identifier=escape(identifier))
    return _PAGE.format(title="Sign in with Google", content=form)


def blocked_page(status: int, code: str, detail: str) -> str:
    """Return the page that names the mistake of an application; nobody is sent back to it."""
    content = f"<p>{escape(detail)}</p>\n<p>Error {status}: {escape(code)}</p>"
    return _PAGE.format(title="Access blocked: Authorization Error", content=content)
