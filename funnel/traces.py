"""Errors let go of what was at hand where they were raised: a card, say, which is to leave the memory at once.

An error holds its frames. Where a library's frame also holds the error (urllib3's, SQLAlchemy's do), both stay until
Python's collector comes, and with them the frames they were called from: the whole request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import clear_frames


@contextmanager
def letting_go() -> Iterator[None]:
    """An error that leaves the block keeps its traceback, but no variable of a frame in the block."""
    try:
        yield
    except BaseException as error:
        _let_go(error)
        raise


def _let_go(error: BaseException | None) -> None:
    while error:
        clear_frames(error.__traceback__)
        error = error.__context__
