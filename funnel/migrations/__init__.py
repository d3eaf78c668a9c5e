"""The changes of the store's tables from release to release; Alembic is known in here alone."""
