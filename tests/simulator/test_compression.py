"""Answers may be compressed where a provider offers to take that."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import FailureReason
from musterbook.simulator.errors import ProviderFailureError
from musterbook.simulator.pytest_plugin import OktaFactory
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, Answer


def _encoded(encoding: str, compress: Callable[[bytes], bytes]) -> Callable[[object, Answer], Answer]:
    headers = (("Content-Encoding", encoding),)
    return lambda _request, answer: replace(answer, raw=compress(json.dumps(answer.document).encode()), headers=headers)


@pytest.mark.parametrize("encoding, compress", [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_answer_is_read(
    directory: DirectoryServer, okta: OktaFactory, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    """Okta offers gzip and deflate, and reads an answer in either."""
    directory.bend = _encoded(encoding, compress)
    assert okta(directory.url, TOKEN).test_credentials()


def test_what_is_not_compressed_as_it_says(directory: DirectoryServer, okta: OktaFactory) -> None:
    """A body that is not what its Content-Encoding says counts as no answer."""
    directory.bend = _encoded("gzip", lambda body: body)
    with pytest.raises(ProviderFailureError) as failed:
        okta(directory.url, TOKEN).test_credentials()
    assert failed.value.reason is FailureReason.UNREACHABLE
