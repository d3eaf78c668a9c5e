"""A shopper's visit: as a value, in the store, in the signed cookie, and where it came from."""
