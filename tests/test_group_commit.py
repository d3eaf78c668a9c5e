"""Threads that wait for their turn are written together, and each hears what became of its own change."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import eventually
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as StoreTimeout

from funnel.store.engine import begin_writing, open_engine
from funnel.store.group_commit import GroupCommit, Turn

THREADS = 20
Change = Callable[[Connection], Any]


class WatchedTurn(Turn):
    """Counts who has come for it, and who has left without it."""

    def __init__(self, *, patience: float = 20.0) -> None:
        super().__init__(patience=patience)
        self.came = self.left = 0
        self._counting = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        with self._counting:
            self.came += 1
        try:
            with super().taken():
                yield
        except StoreTimeout:
            with self._counting:
                self.left += 1
            raise


class Notes:
    """A SQLite file with one table; how often anybody began to write in it."""

    def __init__(self, file: Path, turn: WatchedTurn) -> None:
        self._file = file
        self._engine = open_engine(f"sqlite:///{file}", synchronous="NORMAL", starting=True)
        self.begun, self.full = 0, False
        self.turn = turn
        self.group = GroupCommit(turn, self._transaction)
        with self._transaction() as connection:
            connection.execute(text("CREATE TABLE note (text VARCHAR PRIMARY KEY)"))
        self.begun = 0

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        self.begun += 1
        with self._engine.connect() as connection, connection.begin():
            begin_writing(connection)
            yield connection
            if self.full:
                raise OSError("the disk is full")

    def kept(self) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.execute(text("SELECT text FROM note")).scalars())

    def lose(self) -> None:
        self._engine.dispose()
        self._file.rename(self._file.with_suffix(".away"))
        self._file.mkdir()

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as crowd:
        yield crowd


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    notes = Notes(tmp_path / "notes.db", WatchedTurn())
    yield notes
    notes.close()


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Notes]:
    notes = Notes(tmp_path / "notes.db", WatchedTurn(patience=1.5))
    yield notes
    notes.close()


def note(what: str) -> Change:
    def write(connection: Connection) -> str:
        connection.execute(text("INSERT INTO note VALUES (:text)"), {"text": what})
        return f"{what} is written"

    return write


def all_wait(crowd: ThreadPoolExecutor, notes: Notes, changes: list[Change]) -> list[Future[Any]]:
    """Each from a thread of its own, at a moment when somebody else has the turn."""
    with notes.turn.taken():
        before = notes.turn.came
        outcomes = [crowd.submit(notes.group.write, change) for change in changes]
        assert eventually(lambda: notes.turn.came == before + len(changes))
    return outcomes


def test_one_commit_serves_all_who_wait_and_each_gets_its_own_answer(crowd: ThreadPoolExecutor, notes: Notes) -> None:
    names = [f"note {number}" for number in range(THREADS)]
    outcomes = all_wait(crowd, notes, [note(name) for name in names])
    assert [outcome.result() for outcome in outcomes] == [f"{name} is written" for name in names]
    assert notes.kept() == set(names)
    assert notes.begun == 1


def test_who_is_alone_waits_for_nobody(notes: Notes) -> None:
    assert notes.group.write(note("one")) == "one is written"
    assert notes.group.write(note("two")) == "two is written"
    assert notes.kept() == {"one", "two"}
    assert notes.begun == 2


def test_a_change_that_fails_does_so_alone(crowd: ThreadPoolExecutor, notes: Notes) -> None:
    def spoil(connection: Connection) -> None:
        note("spoilt")(connection)
        raise ValueError("no")

    outcomes = all_wait(crowd, notes, [note("one"), spoil, note("two"), spoil])
    for failed in (outcomes[1], outcomes[3]):
        with pytest.raises(ValueError, match="no"):
            failed.result()
    assert [outcomes[0].result(), outcomes[2].result()] == ["one is written", "two is written"]
    assert notes.kept() == {"one", "two"}


def test_a_store_that_is_away_is_away_for_all_of_them_and_asked_once(crowd: ThreadPoolExecutor, notes: Notes) -> None:
    notes.lose()
    outcomes = all_wait(crowd, notes, [note("one"), note("two"), note("three")])
    for outcome in outcomes:
        with pytest.raises(OperationalError):
            outcome.result()
    assert notes.begun == 1


def test_an_error_shows_no_other_threads_frames(crowd: ThreadPoolExecutor, notes: Notes) -> None:
    def ask(name: str) -> str:
        secret = name  # as a card is
        return str(notes.group.write(note(secret)))

    notes.lose()
    with notes.turn.taken():
        outcomes = [crowd.submit(ask, name) for name in ("one", "two", "three")]
        assert eventually(lambda: notes.turn.came == len(outcomes) + 1)
    failures = [outcome.exception() for outcome in outcomes]
    assert [seen_from(failure) for failure in failures] == [{"one"}, {"two"}, {"three"}]


def seen_from(failure: BaseException | None) -> set[str]:
    """The secrets in the frames of an error and of what led to it, and in the frames that they were called from."""
    seen: set[str] = set()
    while failure:
        for frame, _ in traceback.walk_tb(failure.__traceback__):
            seen |= {frame.f_locals["secret"] for frame, _ in traceback.walk_stack(frame) if "secret" in frame.f_locals}
        failure = failure.__context__ or getattr(failure, "orig", None)
    return seen


def test_a_commit_that_fails_fails_for_all_of_them(crowd: ThreadPoolExecutor, notes: Notes) -> None:
    notes.full = True
    for outcome in all_wait(crowd, notes, [note("one"), note("two")]):
        with pytest.raises(OSError, match="full"):
            outcome.result()
    assert notes.begun == 1
    assert notes.kept() == set()


def test_who_waits_too_long_leaves_and_nothing_is_written_for_them(crowd: ThreadPoolExecutor, hasty: Notes) -> None:
    with hasty.turn.taken():
        late = crowd.submit(hasty.group.write, note("late"))
        with pytest.raises(StoreTimeout):
            late.result()
    hasty.group.write(note("next"))
    assert hasty.kept() == {"next"}


def test_who_is_being_written_at_that_moment_stays_to_hear_of_it(crowd: ThreadPoolExecutor, hasty: Notes) -> None:
    def slow(connection: Connection) -> Any:
        assert eventually(lambda: hasty.turn.left == 1)
        return note("slow")(connection)

    outcomes = all_wait(crowd, hasty, [slow, note("patient")])
    assert [outcome.result() for outcome in outcomes] == ["slow is written", "patient is written"]
    assert hasty.kept() == {"slow", "patient"}
    assert hasty.begun == 1
