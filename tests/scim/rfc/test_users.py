"""The user examples of RFC 7643 §8.1 to §8.3 and of RFC 7644 §3.3 and §3.5.1.

Each file holds what the RFC shows (``sent``; without the certificate's line breaks, which JSON does not allow) and what
is to be stored of it (``stored``): everything but what is the server's own (``id``, ``meta``, ``groups``, the manager's
``displayName``), ``password``, and empty lists.
"""

from pathlib import Path

import msgspec
import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.parse import parse_resource
from musterbook.scim.payload import decode_json_object
from musterbook.scim.resource import Meta, StoredResource, read_document, render_document
from musterbook.scim.schema import user_type

EXAMPLES = sorted(Path(__file__).parent.glob("*-user.json"))


def test_all_examples_are_here() -> None:
    """Each user example of the RFCs has its file."""
    assert [path.stem for path in EXAMPLES] == [
        "rfc7643-8.1-minimal-user",
        "rfc7643-8.2-full-user",
        "rfc7643-8.3-enterprise-user",
        "rfc7644-3.3-create-user",
        "rfc7644-3.5.1-replace-user",
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", list(Profile))
def test_an_example_is_parsed_and_stored(path: Path, profile: Profile) -> None:
    """What the RFCs show is taken in every profile, stored whole, and read back as it was stored."""
    example = msgspec.json.decode(path.read_bytes())
    tolerance = Tolerance(profile)
    resource = parse_resource(decode_json_object(msgspec.json.encode(example["sent"])), user_type(), tolerance)
    text = render_document(resource)
    assert msgspec.json.decode(text) == {"id": None, **example["stored"]}
    assert tolerance.ignored == []
    meta = Meta("2010-01-23T04:56:22.000Z", "2011-05-13T04:42:34.000Z", 1)
    assert read_document(user_type(), StoredResource("1", text, meta)).attributes == resource.attributes
