"""A marketer's own pixels: which pages have room for them, where they are found, and what they must not hold."""
