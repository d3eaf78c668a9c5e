"""The gallery: every scene in a browser, in development only."""
