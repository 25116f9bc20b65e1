"""Musterbook: the user directory in front of identity providers.

Holds the version and nothing else: an import of the package costs nothing and starts nothing.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
