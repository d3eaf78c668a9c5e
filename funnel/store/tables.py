"""The tables of the store. An upgrade only adds to them (migrations/)."""

from typing import Any

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from funnel.attempt import IN_FLIGHT, LIVE

JSON_OR_NULL = JSON(none_as_null=True)

metadata = MetaData()

FORGOTTEN = 0.0  # the seen_at of a visit that is nobody's any more: it has ended, and nothing is learnt of it again

visits = Table(
    "visits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", Float(53), nullable=False),
    Column("seen_at", Float(53), nullable=False, index=True),
    Column("session_id", String(64)),
    Column("order_id", String(64), unique=True),
    Column("arrival", JSON, nullable=False),
    Column("contact", JSON_OR_NULL),
    Column("draft", JSON_OR_NULL),
    Column("told", JSON_OR_NULL),
    Column("addresses", JSON_OR_NULL),
    Column("quote", JSON_OR_NULL),
    Column("pixel", Text),
    Column("notice", String(80)),
    Column("vouched_at", Float(53)),
    Column("finished_at", Float(53)),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("visit_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("page_type", String(32)),
    Column("once", String(40)),
    Column("state", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("lease", String(32)),
    Column("lease_until", Float(53), nullable=False, default=0.0),
    Column("last_error", Text),
    UniqueConstraint("visit_id", "once", name="outbox_once"),
    Index("outbox_line", "visit_id", "state", "id"),
    Index("outbox_due", "state", "due_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("visit_id", String(32), nullable=False, index=True),
    Column("slot", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("basket", JSON_OR_NULL),
    Column("pay_source", String(16), nullable=False, default="CREDITCARD"),
    Column("away", JSON_OR_NULL),
    Column("baseline", Integer, nullable=False, default=0),
    Column("order_id", String(64)),
    Column("created_at", Float(53), nullable=False),
    Column("lease_until", Float(53), nullable=False),
    Column("sent_at", Float(53)),
    Column("settle_at", Float(53)),
    Column("ask_at", Float(53)),
    Column("asked", Integer, nullable=False, default=0),
    Column("settled_at", Float(53)),
    Column("fields", JSON_OR_NULL),
    Column("totals", JSON_OR_NULL),
    Column("address", String(24)),
    Column("network", String(24)),
    Index("attempts_address", "address", "created_at"),
    Index("attempts_network", "network", "created_at"),
    Index("attempts_sent", "sent_at"),
    Index("attempts_asked", "state", "ask_at"),
    Index("attempts_leased", "state", "lease_until"),
    Index("attempts_settled", "state", "settled_at"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("visit_id", String(32), primary_key=True),
    Column("slot", String(16), primary_key=True),
)


tallies = Table(
    "tallies",
    metadata,
    Column("who", String(24), primary_key=True),
    Column("ends_at", Float(53), primary_key=True),
    Column("count", Integer, nullable=False),
)


breaks = Table(
    "breaks",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("product_id", String(40), primary_key=True),
    Column("ours", Integer, nullable=False),
    Column("theirs", Integer, nullable=False),
    Column("found_at", Float(53), nullable=False),
)


breaker = Table(
    "breaker",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("down_since", Float(53)),
    Column("ask_at", Float(53), nullable=False),
    Column("back_at", Float(53)),
)


def _one_only(name: str, states: tuple[str, ...], *columns: Column[Any]) -> None:
    condition = attempts.c.state.in_(states)
    Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


# The whole lock of charging once: one live attempt in a slot, one in flight in a visit.
_one_only("one_live_attempt", LIVE, attempts.c.visit_id, attempts.c.slot)
_one_only("one_in_flight", IN_FLIGHT, attempts.c.visit_id)
