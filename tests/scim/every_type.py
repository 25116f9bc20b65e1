"""A resource type with an attribute of every type and characteristic that filters tell apart; the product has none."""

from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    SchemaExtension,
    make_resource_type,
    make_schema,
)

EXTENSION_URN = "urn:example:params:scim:schemas:harbour:1.0:Berth"


def _complex(name: str, *sub_attributes: Attribute, multi_valued: bool = False) -> Attribute:
    by_name = {item.name.lower(): item for item in sub_attributes}
    return Attribute(
        name, AttributeType.COMPLEX, multi_valued=multi_valued, sub_attributes=sub_attributes, by_name=by_name
    )


def _harbour() -> Schema:
    return make_schema(
        EXTENSION_URN,
        "Berth",
        "",
        [
            Attribute("pier", AttributeType.STRING),
            Attribute("name", AttributeType.STRING),
            _complex("pilot", Attribute("value", AttributeType.STRING), Attribute("rank", AttributeType.INTEGER)),
        ],
    )


def ship_type() -> ResourceType:
    """Return the resource type Ship."""
    string, integer = AttributeType.STRING, AttributeType.INTEGER
    base = make_schema(
        "urn:example:params:scim:schemas:2.0:Ship",
        "Ship",
        "",
        [
            Attribute("name", string),
            Attribute("callSign", string, case_exact=True),
            Attribute("crew", integer),
            Attribute("draught", AttributeType.DECIMAL),
            Attribute("afloat", AttributeType.BOOLEAN),
            Attribute("launched", AttributeType.DATE_TIME),
            Attribute("seal", AttributeType.BINARY),
            Attribute("logbook", AttributeType.REFERENCE, case_exact=True),
            Attribute("flags", string, multi_valued=True),
            Attribute("password", string, returned=Returned.NEVER),
            Attribute("orders", string, mutability=Mutability.WRITE_ONLY),
            _complex(
                "holds",
                Attribute("value", string),
                Attribute("tons", integer),
                Attribute("sealed", AttributeType.BOOLEAN),
                Attribute("marks", string, multi_valued=True),
                Attribute("code", string, returned=Returned.NEVER),
                multi_valued=True,
            ),
            _complex(
                "keys",
                Attribute("value", string, returned=Returned.NEVER),
                Attribute("label", string),
                multi_valued=True,
            ),
            _complex("voyages", Attribute("port", string), Attribute("day", integer), multi_valued=True),
            _complex("master", Attribute("givenName", string), Attribute("familyName", string)),
        ],
    )
    return make_resource_type("Ship", "/Ships", base, [SchemaExtension(_harbour())])
