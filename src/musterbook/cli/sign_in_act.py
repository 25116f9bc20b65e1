"""*The last act of the demo: signing in.* Connects the tenant by SAML, and takes one person in, out and in again.

Knows the rooms, the simulated OneLogin and a browser; tells nothing. Each scene is done over HTTP and checked by what
the browser sees, before it is told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from musterbook.cli.browser import DemoBrowser
from musterbook.cli.exit_codes import CommandError
from musterbook.directory.operation import ChangeSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.saml import read_idp_metadata
from musterbook.simulator import Exchange, ExpectedPerson, OneLoginApp, Step
from musterbook.simulator.onelogin.saml import PASSWORD, OneLoginSignIn

SINGLE_SIGN_ON = "Continue with single sign-on"
_ACCOUNT = "Your account"
_SIGN_IN = "Sign in"


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the act, after it was done and checked."""

    step: Step
    visits: tuple[str, ...]
    """The method and status of each of the browser's requests."""


class SignInAct:
    """What happens between a browser, the server and OneLogin."""

    def __init__(
        self,
        base_url: str,
        tenant: str,
        onelogin: OneLoginSignIn,
        connect: Callable[[], OneLoginApp],
        perform: Callable[[SetSamlConnection | ChangeSignInSettings], object],
    ) -> None:
        """Play at the server at ``base_url``; ``connect`` makes an application, ``perform`` changes the tenant."""
        self._base_url = base_url
        self._login_url = f"{base_url}/login/{tenant}"
        self._onelogin = onelogin
        self._connect = connect
        self._perform = perform
        self._number = 0
        self._people: tuple[ExpectedPerson, ...] = ()

    def scenes(self, last: Step) -> Iterator[Scene]:
        """Yield the scenes, which come after the ``last`` step of the story.

        Raises:
            CommandError: the browser sees something else than it must.
            SimulatorError: the server does not take what OneLogin sends.
        """
        self._number, self._people = last.number, last.people
        person = next(person for person in last.people if person.active)
        with self._connect() as app, DemoBrowser() as browser, DemoBrowser() as other:
            app.observe(self._onelogin.directory.learn)
            app.enable()
            app.assign(person.user)
            yield self._connected(browser)
            yield self._signed_in(browser, person)
            yield self._suspended(browser, app, person)
            yield self._returned(browser, other, app, person)
            yield self._logged_out(other)

    def _connected(self, browser: DemoBrowser) -> Scene:
        """Enter OneLogin's metadata, as an administrator does."""
        provider = read_idp_metadata(self._onelogin.metadata.encode(), now=datetime.now(UTC))
        self._perform(
            SetSamlConnection(
                entity_id=provider.entity_id,
                sso_url=provider.sso.url,
                slo_url=None if provider.slo is None else provider.slo.url,
                certificates=tuple(certificate.pem for certificate in provider.certificates),
            )
        )
        self._perform(ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))
        browser.open(self._login_url)
        if SINGLE_SIGN_ON not in browser.page.links:
            raise CommandError("The sign-in page does not offer single sign-on.")
        return self._scene(
            "Single sign-on",
            "The administrator connects the tenant by SAML, with OneLogin's metadata.",
            "The sign-in page offers single sign-on.",
            browser.visits,
        )

    def _signed_in(self, browser: DemoBrowser, person: ExpectedPerson) -> Scene:
        before = len(browser.visits)
        self._sign_in(browser, person)
        return self._scene(
            "Signing in",
            "Somebody who was provisioned signs in at OneLogin, which sends them back with a signed assertion.",
            f"They see their account, as {person.joined_as}.",
            browser.visits[before:],
        )

    def _suspended(self, browser: DemoBrowser, app: OneLoginApp, person: ExpectedPerson) -> Scene:
        before, sent = len(browser.visits), len(app.exchanges)
        app.suspend(person.user)
        self._expect(person, active=False)
        browser.open(f"{self._base_url}/me")
        self._must_see(browser, _SIGN_IN)
        return self._scene(
            "Suspended while signed in",
            'They are suspended: OneLogin puts "active": false. They click once more.',
            "The click lands on the sign-in page: their session has ended.",
            browser.visits[before:],
            app.exchanges[sent:],
        )

    def _returned(self, browser: DemoBrowser, other: DemoBrowser, app: OneLoginApp, person: ExpectedPerson) -> Scene:
        before, sent = len(browser.visits), len(app.exchanges)
        app.reactivate(person.user)
        self._expect(person, active=True)
        browser.open(f"{self._base_url}/me")
        self._must_see(browser, _SIGN_IN)
        other.open(self._login_url)
        self._sign_in(other, person)
        return self._scene(
            "Signing in again",
            'They come back: OneLogin puts "active": true. They click once more, and sign in in another browser.',
            "The old session stays ended; a new one begins.",
            [*browser.visits[before:], *other.visits],
            app.exchanges[sent:],
        )

    def _logged_out(self, browser: DemoBrowser) -> Scene:
        before = len(browser.visits)
        browser.open(self._onelogin.addresses.portal)
        browser.submit_to("/logout")
        browser.open(f"{self._base_url}/me")
        self._must_see(browser, _SIGN_IN)
        if not all(answer.is_done for answer in self._onelogin.logout_answers[-1:]):
            raise CommandError("The server answered OneLogin that it did not sign them out.")
        return self._scene(
            "Logging out",
            "They log out in OneLogin's portal, which sends their browser to the server with a signed request.",
            "The session has ended here, too.",
            browser.visits[before:],
        )

    def _sign_in(self, browser: DemoBrowser, person: ExpectedPerson) -> None:
        browser.click(SINGLE_SIGN_ON)
        browser.submit(username=person.user.username, password=PASSWORD)
        browser.submit()
        self._must_see(browser, _ACCOUNT)
        if person.joined_as not in browser.page.text:
            raise CommandError(f"The account does not say {person.joined_as}.")

    def _must_see(self, browser: DemoBrowser, heading: str) -> None:
        if browser.page.heading != heading:
            raise CommandError(f"The browser shows {browser.page.heading!r} instead of {heading!r}.")

    def _expect(self, person: ExpectedPerson, *, active: bool) -> None:
        self._people = tuple(
            replace(each, active=active) if each.user.id == person.user.id else each for each in self._people
        )

    def _scene(
        self, title: str, did: str, expectation: str, visits: Sequence[str], requests: Sequence[Exchange] = ()
    ) -> Scene:
        self._number += 1
        step = Step(
            number=self._number,
            title=title,
            what_onelogin_did=did,
            requests=tuple(requests),
            expectation=expectation,
            changes_nothing=False,
            people=self._people,
        )
        return Scene(step, tuple(visits))
