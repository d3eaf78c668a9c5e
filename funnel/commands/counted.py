"""How many there are of a thing, as the commands say it."""


def counted(count: int, thing: str) -> str:
    """1 order, 2 orders, no orders; for words with a plural in -s."""
    return f"{count or 'no'} {thing}" + ("" if count == 1 else "s")
