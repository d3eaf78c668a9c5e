"""The store, on SQLite or PostgreSQL: its connections, its tables, and which version they have."""
