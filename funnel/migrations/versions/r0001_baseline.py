"""the tables of the first release"""

from alembic import op
from sqlalchemy import JSON, Column, Float, Integer, PrimaryKeyConstraint, String, Text, UniqueConstraint, text

revision = "0001"
down_revision = None

IN_FLIGHT = text("state IN ('CLAIMED', 'SENT', 'UNKNOWN', 'AWAIT_REDIRECT')")
LIVE = text("state IN ('CLAIMED', 'SENT', 'UNKNOWN', 'AWAIT_REDIRECT', 'CHARGED', 'NEEDS_HUMAN')")
JSON_OR_NULL = JSON(none_as_null=True)


def upgrade() -> None:
    _visits()
    _outbox()
    _attempts()
    _others()


def _visits() -> None:
    op.create_table(
        "visits",
        Column("id", String(32), nullable=False),
        Column("created_at", Float(53), nullable=False),
        Column("seen_at", Float(53), nullable=False),
        Column("session_id", String(64)),
        Column("order_id", String(64)),
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
        PrimaryKeyConstraint("id"),
        UniqueConstraint("order_id"),
    )
    op.create_index("ix_visits_seen_at", "visits", ["seen_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        Column("id", Integer, autoincrement=True, nullable=False),
        Column("visit_id", String(32), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("page_type", String(32)),
        Column("once", String(40)),
        Column("state", String(16), nullable=False),
        Column("created_at", Float(53), nullable=False),
        Column("due_at", Float(53), nullable=False),
        Column("tries", Integer, nullable=False),
        Column("lease", String(32)),
        Column("lease_until", Float(53), nullable=False),
        Column("last_error", Text),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("visit_id", "once", name="outbox_once"),
    )
    op.create_index("outbox_line", "outbox", ["visit_id", "state", "id"])
    op.create_index("outbox_due", "outbox", ["state", "due_at"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        Column("key", String(32), nullable=False),
        Column("visit_id", String(32), nullable=False),
        Column("slot", String(16), nullable=False),
        Column("state", String(16), nullable=False),
        Column("reason", String(32)),
        Column("basket", JSON_OR_NULL),
        Column("pay_source", String(16), nullable=False),
        Column("away", JSON_OR_NULL),
        Column("baseline", Integer, nullable=False),
        Column("order_id", String(64)),
        Column("created_at", Float(53), nullable=False),
        Column("lease_until", Float(53), nullable=False),
        Column("sent_at", Float(53)),
        Column("settle_at", Float(53)),
        Column("ask_at", Float(53)),
        Column("asked", Integer, nullable=False),
        Column("settled_at", Float(53)),
        Column("fields", JSON_OR_NULL),
        Column("totals", JSON_OR_NULL),
        Column("address", String(24)),
        Column("network", String(24)),
        PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_attempts_visit_id", "attempts", ["visit_id"])
    op.create_index("attempts_asked", "attempts", ["state", "ask_at"])
    op.create_index("attempts_settled", "attempts", ["state", "settled_at"])
    op.create_index("attempts_address", "attempts", ["address", "created_at"])
    op.create_index("attempts_network", "attempts", ["network", "created_at"])
    op.create_index("attempts_sent", "attempts", ["sent_at"])
    op.create_index("attempts_leased", "attempts", ["state", "lease_until"])
    _one_only("one_live_attempt", ["visit_id", "slot"], LIVE)
    _one_only("one_in_flight", ["visit_id"], IN_FLIGHT)


def _one_only(name: str, columns: list[str], condition: object) -> None:
    op.create_index(name, "attempts", columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _others() -> None:
    op.create_table(
        "refusals",
        Column("visit_id", String(32), nullable=False),
        Column("slot", String(16), nullable=False),
        PrimaryKeyConstraint("visit_id", "slot"),
    )
    op.create_table(
        "tallies",
        Column("who", String(24), nullable=False),
        Column("ends_at", Float(53), nullable=False),
        Column("count", Integer, nullable=False),
        PrimaryKeyConstraint("who", "ends_at"),
    )
    op.create_table(
        "breaks",
        Column("order_id", String(64), nullable=False),
        Column("product_id", String(40), nullable=False),
        Column("ours", Integer, nullable=False),
        Column("theirs", Integer, nullable=False),
        Column("found_at", Float(53), nullable=False),
        PrimaryKeyConstraint("order_id", "product_id"),
    )
    op.create_table(
        "breaker",
        Column("id", Integer, autoincrement=False, nullable=False),
        Column("down_since", Float(53)),
        Column("ask_at", Float(53), nullable=False),
        Column("back_at", Float(53)),
        PrimaryKeyConstraint("id"),
    )
