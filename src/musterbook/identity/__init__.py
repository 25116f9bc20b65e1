"""*Who is knocking*: API keys of SCIM clients.

Knows the directory's tenants; knows no HTTP and no SQL. ``identity.store`` is the vocabulary of the port that
``storage`` implements.
"""
