"""Testers of others against a started server, on each database, with the key that a product would make for them."""

import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from scim2_tester.utils import get_registered_tags

from tests.architecture.tree import ROOT, TESTS
from tests.journeys.conftest import make_tenant
from tests.journeys.okta_organization import Application, OktaOrganization
from tests.journeys.runscope import Answer, Request, replay
from tests.journeys.serving import Server, run_command, serving
from tests.postgres import fresh_database

SUITES = TESTS / "conformance" / "okta"
OKTA = "okta://organization"
# Not interop-strict: scim2-tester writes `schemas` into an extension, which that profile refuses as unknown.
PROFILES = ("lenient", "rfc")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all testers; each has a tenant of its own."""
    folder = tmp_path_factory.mktemp("testers")
    if request.param == "sqlite":
        with serving("sqlite:///directory.db", folder) as running:
            yield running
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as url:
        run_command("migrate", "--database", url, folder=folder)
        with serving(url, folder) as running:
            yield running


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    """Return a name for the tenant of this test."""
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower()).strip("-")


def accepted(tester: str) -> set[str]:
    """Return what a tester reports beside successes, as the page about conformance lists and explains it."""
    page = (ROOT / "docs" / "conformance" / "README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith(f"| {tester} | ")]
    return {row[1].strip("`") for row in rows}


@pytest.mark.parametrize("profile", PROFILES)
def test_scim2_tester_finds_no_error(shared: Server, slug: str, profile: str) -> None:
    """scim2-tester, with all its checks, reports no error for what the server says that it offers."""
    key = make_tenant(shared.database, shared.folder, slug, "--profile", profile)
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/scim+json"}
    with httpx2.Client(base_url=shared.scim_url, headers=headers) as client:
        results = check_server(SyncSCIMClient(client), raise_exceptions=False)
    passed = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
    assert {result.title for result in results if result.status not in passed} == accepted("scim2-tester")
    assert {tag for result in results for tag in result.tags} == get_registered_tags()


def test_scim_sanity_finds_no_error(shared: Server, slug: str) -> None:
    """scim-sanity, in its strict mode, reports nothing but what the page lists."""
    key = make_tenant(shared.database, shared.folder, slug, "--profile", "rfc")
    done = subprocess.run(
        [sys.executable, "-m", "scim_sanity", "probe", shared.scim_url, "--token", key, "--strict", "--json-output",
         "--i-accept-side-effects"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert {found["name"] for found in report["results"] if found["status"] != "pass"} == accepted("scim-sanity")


def variables(scim_url: str, key: str) -> dict[str, str]:
    """Return the variables that Okta's suites expect to be given, as they describe them."""
    first, last, email = "Runscope417", "Hbdcaegfk316", "Runscope417Hbdcaegfk316@atko.com"
    return {
        "SCIMBaseURL": scim_url, "SCIMUrl": scim_url, "auth": f"Bearer {key}", "SCIMAuth": f"Bearer {key}",
        "InvalidUserEmail": "abcdefgh@atko.com", "UserIdThatDoesNotExist": "010101001010101011001010101011",
        "randomEmail": email, "randomUsername": email, "randomUsernameCaps": email.upper(),
        "randomGivenName": first, "randomFamilyName": last,
        "oktaOrgUrl": OKTA, "oktaAppId": "0oa1", "oktaToken": "none",
        "okta_user_firstname": first, "okta_user_lastname": last, "okta_user_email": email,
        "okta_user_title": "Engineer", "okta_user_primaryphone": "415.123.4567",
        "okta_user_firstname_update": f"{first}update",
    }  # fmt: skip


def send(request: Request) -> Answer:
    """Send a request of a suite to the server."""
    answer = httpx.request(request.method, request.url, headers=request.headers, content=request.body)
    return Answer(answer.status_code, answer.json() if answer.content else None)


def test_okta_s_specification_test(shared: Server, slug: str) -> None:
    """Okta's test of the requests that it makes passes, with somebody there to be found."""
    key = make_tenant(shared.database, shared.folder, slug, "--idp", "okta")
    with httpx.Client(base_url=shared.scim_url, headers={"Authorization": f"Bearer {key}"}) as client:
        seed = {"firstName": "Seed", "lastName": "User", "email": "seed@atko.com"}
        OktaOrganization(client, Application.CATALOGUE).create(seed, "00useed")
    # Its one script: no groups at all, or an array of them.
    scripts = {
        "Optional Test: Verify Groups endpoint": lambda list_: (
            list_["totalResults"] == 0 or isinstance(list_["Resources"], list)
        )
    }
    report = replay(SUITES / "Okta-SCIM-20-SPEC-Test.json", variables(shared.scim_url, key), send, scripts)
    assert (report.failures, report.judged) == ([], 52)


@pytest.mark.parametrize("application", Application)
def test_okta_s_life_cycle_test(shared: Server, slug: str, application: Application) -> None:
    """Okta's test of a person's life passes, whether Okta suspends by PATCH or by PUT."""
    key = make_tenant(shared.database, shared.folder, slug, "--idp", "okta")
    with httpx.Client(base_url=shared.scim_url, headers={"Authorization": f"Bearer {key}"}) as client:
        okta = OktaOrganization(client, application)

        def send_or_ask(request: Request) -> Answer:
            return okta.answer(request) if request.url.startswith(OKTA) else send(request)

        suite = SUITES / "Okta-SCIM-20-CRUD-Test.json"
        report = replay(suite, variables(shared.scim_url, key), send_or_ask, {})
    assert (report.failures, report.judged) == ([], 21)
