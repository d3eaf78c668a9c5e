"""Money moves at most once: the ledger of attempts, the protocol of one charge, and what becomes of it."""
