"""*SQL, and nothing but SQL*: the ports of the rooms below on SQLite and PostgreSQL."""
