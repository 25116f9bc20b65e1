"""What the demo would notice of signing in, and the browser that it plays with."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from musterbook.cli.browser import DemoBrowser
from musterbook.cli.demo import running_server
from musterbook.cli.exit_codes import CommandError
from musterbook.cli.output import open_output
from musterbook.cli.simulation import TEMPLATES
from musterbook.cli.stage import Play, Stage
from musterbook.simulator.loopback import listening, running
from musterbook.simulator.onelogin.saml import Fault

PAGE = """<h1>Door &amp; window</h1><a class="x" href="/next?a=1">Go <b>on</b></a><a href="/next">Next</a>
<form method="post" action="/take"><input name="kept" value="1&lt;2"><input name="typed"><button>Send</button></form>
<form method="post"><input name="other" value="x"></form>"""


async def _show(request: Request) -> Response:
    form = (await request.body()).decode()
    return HTMLResponse(f"<h1>{request.method} {request.url.path} {form}</h1>{request.headers.get('origin', '')}")


async def _door(_request: Request) -> Response:
    return HTMLResponse(PAGE)


async def _redirect(_request: Request) -> Response:
    answer = RedirectResponse("/take", 303)
    answer.set_cookie("kept", "1")
    return answer


@pytest.fixture
def site() -> Iterator[str]:
    """Yield the address of a small site."""
    pages = [
        Route("/", _door),
        Route("/next", _redirect),
        Route("/take", _show, methods=["GET", "POST"]),
    ]
    with listening() as (listener, origin), running(Starlette(routes=pages), listener):
        yield origin


def test_the_browser_sees_clicks_and_types(site: str) -> None:
    """It reads headings, follows links and redirects, and sends what a form holds with what is typed."""
    with DemoBrowser() as browser:
        browser.open(site)
        assert browser.page.heading == "Door & window"
        browser.submit(typed="é")
        assert (browser.page.path, browser.page.heading) == ("/take", "POST /take kept=1%3C2&typed=%C3%A9")
        assert site in browser.page.text
        browser.open(site)
        browser.submit_to("/take")
        assert browser.page.heading == "POST /take kept=1%3C2&typed="
        browser.open(site)
        browser.click("Next")
        assert browser.page.heading == "GET /take "
        assert browser.visits[-2:] == ["GET 303", "GET 200"]


def test_what_the_browser_cannot_do(site: str) -> None:
    """A link or a form that is not there, and a site that does not answer, end the demo with a sentence."""
    with DemoBrowser() as browser:
        browser.open(site)
        with pytest.raises(CommandError, match=r"^The page 'Door & window' has no link 'Back'\.$"):
            browser.click("Back")
        with pytest.raises(CommandError, match="has no form for password"):
            browser.submit(password="x")
        with pytest.raises(CommandError, match="has no form that goes to /logout"):
            browser.submit_to("/logout")
        with listening() as (_, nobody):
            pass
        with pytest.raises(CommandError, match="got no answer"):
            browser.open(nobody)


@pytest.mark.parametrize(
    "fault, problem",
    [
        (Fault.UNSIGNED, "The browser shows 'You could not be signed in' instead of 'Your account'."),
        (Fault.LOGOUT_UNSIGNED, "The browser shows 'Your account' instead of 'Sign in'."),
    ],
)
def test_what_is_wrong_ends_the_demo(fault: Fault, problem: str) -> None:
    """The demo ends with what the browser sees as soon as that is not what it must be."""
    output = open_output(as_json=True)
    with running_server(port=0) as theatre:
        theatre.onelogin.fault = fault
        stage = Stage(output, theatre.runner, theatre.services, theatre.onelogin)
        with pytest.raises(CommandError) as ended:
            stage.perform(Play(template=TEMPLATES["v2-enterprise"], people=13, seed=0))
    assert str(ended.value) == problem
