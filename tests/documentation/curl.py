"""As much of curl as the pages use, for machines that have none: ``-s``, ``-X``, ``-H``, ``-d`` and one address."""

import argparse
import sys
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("-s", action="store_true")
parser.add_argument("-X", dest="method")
parser.add_argument("-H", dest="headers", action="append", default=[])
parser.add_argument("-d", dest="body")
parser.add_argument("url")
given = parser.parse_args()
request = urllib.request.Request(  # noqa: S310 the address stands in a page of this repository
    given.url,
    None if given.body is None else given.body.encode(),
    dict(header.split(": ", 1) for header in given.headers),
    method=given.method,
)
with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 the address stands in a page, as above
    sys.stdout.buffer.write(answer.read())
