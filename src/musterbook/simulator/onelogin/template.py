"""*The SCIM JSON template.* Decides the body that OneLogin sends for a person.

Knows nothing of HTTP and nothing of what an application does with the body. There is no standard for this: the text of
the template is the administrator's, macros such as ``{$user.firstname}`` in it are replaced by the person's values, and
the result is what RFC 7644 §3.3 and §3.5.1 call the resource.

Replacement is done in the *text*, with each value escaped as the inside of a JSON string, so that a quotation mark in a
name cannot change the shape of the document, and a macro without quotation marks around it can still give a number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.errors import TemplateError
from musterbook.simulator.onelogin.user import OneLoginUser, UserStatus
from musterbook.simulator.wire import compact_json

_MACRO = re.compile(r"\{\$([^{}]*)\}")

_MACRO_NAMES = frozenset(
    {
        "user.firstname",
        "user.lastname",
        "user.email",
        "user.display_name",
        "user.active",
        "user.id",
        "user.phone",
        "user.manager_firstname",
        "user.manager_lastname",
        "parameters.scimusername",
        "parameters.title",
        "parameters.department",
        "parameters.external_manager_id",
    }
)
"""The macros that OneLogin documents."""


class ScimUsername(Enum):
    """What the parameter ``scimusername`` is mapped to. OneLogin's default is the user name."""

    USERNAME = "Username"
    EMAIL = "Email"


@dataclass(frozen=True, slots=True)
class Template:
    """A SCIM JSON template: any text with macros that gives a JSON object.

    Raises:
        TemplateError: the text has a macro that OneLogin does not know.
    """

    text: str
    name: str = "custom"

    def __post_init__(self) -> None:
        unknown = sorted({macro for macro in _MACRO.findall(self.text) if macro not in _MACRO_NAMES})
        if unknown:
            raise TemplateError(f"Template {self.name!r} has a macro that OneLogin does not know: {{${unknown[0]}}}.")


V1_CORE = Template(
    """{
  "schemas": ["urn:scim:schemas:core:1.0"],
  "userName": "{$parameters.scimusername}",
  "name": {
    "givenName": "{$user.firstname}",
    "familyName": "{$user.lastname}",
    "formatted": "{$user.display_name}"
  }
}""",
    "SCIM v1.1 Core",
)

V1_ENTERPRISE = Template(
    """{
  "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"],
  "userName": "{$parameters.scimusername}",
  "name": {
    "familyName": "{$user.lastname}",
    "givenName": "{$user.firstname}",
    "formatted": "{$user.display_name}"
  },
  "emails": {"value": "{$user.email}", "type": "work", "primary": true},
  "title": "{$parameters.title}",
  "urn:scim:schemas:extension:enterprise:1.0": {
    "department": "{$parameters.department}",
    "manager": {
      "managerId": "{$parameters.external_manager_id}",
      "displayName": "{$user.manager_firstname} {$user.manager_lastname}"
    }
  }
}""",
    "SCIM v1.1 Enterprise",
)
"""``emails`` is one object and not an array: that is how OneLogin documents it."""

# The defaults of the v2 connectors are documented nowhere. A real request of the Enterprise one is known as far as
# name.givenName: its schemas are these URNs, which are not the registered ones, and familyName comes first.
# Everything behind that point, and all of Core but its URN, is modelled on the v1.1 templates.
V2_CORE = Template(
    """{
  "schemas": ["urn:scim:schemas:core:2.0"],
  "userName": "{$parameters.scimusername}",
  "name": {
    "givenName": "{$user.firstname}",
    "familyName": "{$user.lastname}",
    "formatted": "{$user.display_name}"
  }
}""",
    "SCIM v2 Core",
)

V2_ENTERPRISE = Template(
    """{
  "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
  "userName": "{$parameters.scimusername}",
  "name": {
    "familyName": "{$user.lastname}",
    "givenName": "{$user.firstname}",
    "formatted": "{$user.display_name}"
  },
  "emails": {"value": "{$user.email}", "type": "work", "primary": true},
  "title": "{$parameters.title}",
  "urn:scim:schemas:extension:enterprise:2.0": {
    "department": "{$parameters.department}",
    "manager": {
      "managerId": "{$parameters.external_manager_id}",
      "displayName": "{$user.manager_firstname} {$user.manager_lastname}"
    }
  }
}""",
    "SCIM v2 Enterprise",
)


def scim_user_name(user: OneLoginUser, source: ScimUsername) -> str:
    """Return the value of the parameter ``scimusername`` for a person."""
    return user.email if source is ScimUsername.EMAIL else user.username


def render(template: Template, user: OneLoginUser, source: ScimUsername, *, active: bool | None = None) -> bytes:
    """Return the body for a person: compact JSON in UTF-8, its members in the order of the template.

    ``active`` sets that attribute of the document, also where the template has none; None leaves the template alone.

    Raises:
        TemplateError: the result is not a JSON object, as when a macro stands without quotation marks.
    """
    values = _values(user, source)
    text = _MACRO.sub(lambda macro: _escaped(values[macro.group(1)]), template.text)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TemplateError(f"Template {template.name!r} gives no JSON for user {user.id}: {error}.") from error
    if not isinstance(document, dict):
        raise TemplateError(f"Template {template.name!r} gives no JSON object for user {user.id}.")
    if active is not None:
        document["active"] = active
    return compact_json(document)


def _values(user: OneLoginUser, source: ScimUsername) -> Mapping[str, str]:
    return {
        "user.firstname": user.firstname,
        "user.lastname": user.lastname,
        "user.email": user.email,
        "user.display_name": user.display_name,
        # What this macro gives is documented nowhere. With or without quotation marks, this can be read.
        "user.active": "true" if user.status is UserStatus.ACTIVE else "false",
        "user.id": str(user.id),
        "user.phone": user.phone,
        "user.manager_firstname": user.manager_firstname,
        "user.manager_lastname": user.manager_lastname,
        "parameters.scimusername": scim_user_name(user, source),
        "parameters.title": user.title,
        "parameters.department": user.department,
        "parameters.external_manager_id": user.external_manager_id,
    }


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
