"""The fixture for product developers, used as its documentation says."""

import subprocess
import sys
from pathlib import Path

from musterbook.simulator import ApiStatus, OneLoginUser, ProvisioningState
from musterbook.simulator.pytest_plugin import OneLoginFactory
from tests.simulator.scripted_server import TOKEN, ScriptedServer

PRODUCT_TEST = """
from musterbook.simulator import people


def test_joining(onelogin):
    app = onelogin({url!r}, {token!r})
    app.enable()
    assert app.assign(people(1)[0]).state.value == "Provisioned"
"""


def test_plugin_in_another_project(server: ScriptedServer, tmp_path: Path) -> None:
    """A project that names the plugin in its conftest has the fixture."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["musterbook.simulator.pytest_plugin"]\n', encoding="utf-8")
    test = tmp_path / "test_product.py"
    test.write_text(PRODUCT_TEST.format(url=server.url, token=TOKEN), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(test)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, list(server.users)) == (0, ["id-1"]), run.stdout + run.stderr


def test_applications_of_one_test(server: ScriptedServer, onelogin: OneLoginFactory, ada: OneLoginUser) -> None:
    """One test may have several applications, each with its own state."""
    first, second = onelogin(server.url, TOKEN), onelogin(server.url, TOKEN)
    first.enable()
    assert first.assign(ada).state is ProvisioningState.PROVISIONED
    assert (second.api_status, second.assignments) == (ApiStatus.DISABLED, ())
