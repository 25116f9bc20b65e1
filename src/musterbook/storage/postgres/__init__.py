"""*PostgreSQL* behind the ports of directory and identity, by asyncpg and plain SQL."""
