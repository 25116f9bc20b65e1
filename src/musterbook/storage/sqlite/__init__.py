"""*SQLite*, the default: one file beside the server."""
