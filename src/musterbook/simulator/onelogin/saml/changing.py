"""*What somebody on the way changes.* Decides the edits that are made after everything is signed.

Knows drafts and texts; knows no key. Somebody on the way may change every byte, and has OneLogin's signature of what
stood there before.
"""

from html import escape

from musterbook.simulator.onelogin.saml.draft import STATUS, Draft
from musterbook.simulator.onelogin.saml.editing import Edit, Place
from musterbook.simulator.onelogin.saml.faults import Fault

COMMENT = "<!---->"
_START = "<samlp:Response"
_END = "</samlp:Response>"
_STATEMENT = "<saml:AttributeStatement>"
_VALUE = '<saml:AttributeValue xsi:type="xs:string">'
_LEVELS = 10
_LAUGHS = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * _LEVELS if level else "ha"}">' for level in range(_LEVELS))
_TOO_MANY = 4100
_TOO_DEEP = 65
_TOO_LONG = 300_000

FIELDS: dict[Fault, str] = {Fault.NOT_BASE64: "PHg+*", Fault.NOTHING: ""}
"""What stands in the form field instead of a document."""


def changes(draft: Draft) -> dict[Fault, Edit]:
    """Return what may be changed in a signed response."""
    return {**_texts(draft), **_declarations(), **_ids(draft), **_sizes()}


def _texts(draft: Draft) -> dict[Fault, Edit]:
    name = escape(draft.name)
    said = escape(draft.attributes[-1][1])
    return {
        Fault.CHANGED_NAME: Edit(f">{name}</saml:NameID>", f">{draft.forged_name}</saml:NameID>"),
        Fault.CHANGED_ATTRIBUTE: Edit(f">{said}</saml:AttributeValue>", ">Administrators</saml:AttributeValue>"),
        Fault.COMMENT_IN_NAME: Edit(f">{name}</saml:NameID>", f">{name}{COMMENT}.evil.example</saml:NameID>"),
        Fault.COMMENT_BEFORE: Edit(_START, f"{COMMENT}{_START}"),
        Fault.INSTRUCTION: Edit(STATUS, f"{STATUS}<?xml-stylesheet href='x'?>"),
        Fault.INSTRUCTION_AT_END: Edit(_END, f"{_END}<?x?>", Place.LAST),
        Fault.UNKNOWN_ENTITY: Edit(_VALUE, f"{_VALUE}&nobody;"),
        Fault.UNKNOWN_PREFIX: Edit(STATUS, f'{STATUS}<x:y xmlns:z="urn:z"/>'),
        Fault.XMLNS_AS_PREFIX: Edit('xmlns:xs="http', 'xmlns:xmlns="http'),
        Fault.VOID_CANONICALIZATION: Edit(
            "<saml:AttributeValue xsi", '<saml:AttributeValue xmlns:a="../relative" a:b="" xsi'
        ),
    }


def _declarations() -> dict[Fault, Edit]:
    declared = {
        Fault.DOCUMENT_TYPE: "<!DOCTYPE x>",
        Fault.FILE_ENTITY: '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
        Fault.ADDRESS_ENTITY: '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    }
    laughing = f'<!DOCTYPE x [{_LAUGHS}]>{_START} Consent="&a{_LEVELS - 1};"'
    return {fault: Edit(_START, declaration + _START) for fault, declaration in declared.items()} | {
        Fault.ENTITIES: Edit(_START, laughing)
    }


def _ids(draft: Draft) -> dict[Fault, Edit]:
    response_id, assertion_id = f'ID="{draft.response_id}"', f'ID="{draft.assertion_id}"'
    return {
        Fault.ATTRIBUTE_TWICE: Edit(assertion_id, f'{assertion_id} ID="_another"'),
        Fault.ID_TWICE: Edit(response_id, assertion_id),
        Fault.ID_OF_OTHER_SPELLING: Edit("<samlp:Status>", f'<samlp:Status Id="{draft.assertion_id}">'),
        Fault.XML_ID_TWICE: Edit("<samlp:Status>", f'<samlp:Status xml:id="{draft.assertion_id}">'),
        Fault.EMPTY_ID: Edit(response_id, 'ID=""'),
    }


def _sizes() -> dict[Fault, Edit]:
    namespaces = "".join(f' xmlns:a{number}="urn:{number}"' for number in range(_TOO_DEEP))
    return {
        Fault.TOO_MANY_ELEMENTS: Edit(_STATEMENT, _STATEMENT + "<a/>" * _TOO_MANY),
        Fault.TOO_DEEP: Edit(_STATEMENT, _STATEMENT + "<a>" * _TOO_DEEP + "</a>" * _TOO_DEEP),
        Fault.TOO_MANY_NAMESPACES: Edit(_START, _START + namespaces),
        Fault.TOO_LONG: Edit(_END, _END + " " * _TOO_LONG, Place.LAST),
    }
