"""*PATCH.* Parses and applies a PatchOp message (RFC 7644 §3.5.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """A parsed PatchOp message."""
