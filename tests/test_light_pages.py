"""A page view is light: one question to the store for who comes back, one drawing for all who see the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from app import create_app
from config import load_settings
from funnel.people import Contact
from funnel.rooms import Rooms
from funnel.steps import Notice
from funnel.store.tables import attempts, outbox, visits

BEFORE = "You have been here before"
EARLIER = "belonged to an earlier visit"
JANE = Contact(firstName="Jane", lastName="Doe", emailAddress="jane@example.com", phoneNumber="5551234567")


@pytest.fixture
def app(database_url: str, campaign_file: Path, tmp_path: Path) -> Iterator[Flask]:
    """With templates that do not change, as in production."""
    settings = load_settings({"FUNNEL_FILE": str(campaign_file), "DATABASE_URL": database_url}, root=tmp_path)
    app = create_app(settings)
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    yield app
    rooms_of(app).charging.drain()
    rooms_of(app).store.close()


def rooms_of(app: Flask) -> Rooms:
    rooms: Rooms = app.extensions["funnel"]
    return rooms


def visit_of(client: FlaskClient) -> str:
    with client.session_transaction() as session:
        return str(session["visit"])


@contextmanager
def statements() -> Iterator[list[str]]:
    told: list[str] = []

    def tell(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", tell)


@pytest.mark.parametrize("path", ["/", "/lead"])
def test_who_comes_back_to_a_page_costs_one_question(app: Flask, path: str) -> None:
    shopper = app.test_client()
    shopper.get(path)
    with statements() as asked:
        assert shopper.get(path).status_code == 200
    assert len(asked) == 1, asked
    assert asked[0].startswith("SELECT")


def test_a_page_seen_for_the_first_time_is_still_owed(app: Flask) -> None:
    shopper = app.test_client()
    for path in ("/", "/lead", "/", "/lead"):
        shopper.get(path)
    with rooms_of(app).store.read() as connection:
        owed = connection.execute(select(outbox.c.once).order_by(outbox.c.id)).scalars().all()
    assert owed == ["click:presell", "click:lead"]


def test_what_a_lost_store_is_told_by_the_cookie_is_no_visit_without_charges(app: Flask) -> None:
    shopper = app.test_client()
    shopper.get("/")
    with shopper.session_transaction() as session:
        session["orderId"] = "ORDER-1"
    assert shopper.get("/checkout").location == "/checkout/confirming", "what is paid is asked before any form"
    with rooms_of(app).store.read() as connection:
        assert connection.execute(select(attempts.c.order_id)).scalars().all() == ["ORDER-1"]


def test_what_is_drawn_for_one_shopper_is_not_shown_to_another(app: Flask) -> None:
    jane, stranger = app.test_client(), app.test_client()
    assert BEFORE not in jane.get("/").text
    with rooms_of(app).store.write() as connection:
        rooms_of(app).visits.learn_contact(connection, visit_of(jane), JANE)
    assert BEFORE in jane.get("/").text
    assert BEFORE not in stranger.get("/").text
    rooms_of(app).visits.notice(visit_of(jane), Notice.EARLIER_VISIT)
    assert EARLIER not in stranger.get("/").text
    assert EARLIER in jane.get("/").text
    assert EARLIER not in jane.get("/").text, "a sentence is told once"
    with rooms_of(app).store.read() as connection:
        assert len(connection.execute(select(visits.c.id)).all()) == 2
