"""The laws of the house, read from the imports: they only go down, and some rooms know nothing of Flask."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the street to the foundation. Rooms on one floor do not know each other.
FLOORS = [
    {"app"},
    {"funnel.cli", "funnel.furnishing"},
    {"funnel.commands"},
    {"funnel.supervisor"},
    {"funnel.stand_in"},
    {"funnel.development"},
    {"funnel.check", "funnel.gallery"},
    {"funnel.scenes"},
    {"funnel.pages"},
    {"funnel.guard"},
    {"funnel.web", "funnel.failures", "funnel.props", "funnel.access"},
    {"funnel.words"},
    {"funnel.doorway", "funnel.gate", "funnel.headers", "funnel.slot_files"},
    {"funnel.outage", "funnel.rooms"},
    {"funnel.checkout_form"},
    {"funnel.contact_form", "funnel.address_fields", "funnel.card_fields"},
    {"funnel.forms", "funnel.address_checks"},
    {"funnel.address_choices"},
    {"funnel.fields", "funnel.email_typos", "funnel.address_words"},
    {"funnel.field_checks", "funnel.tidying"},
    {
        "funnel.flow",
        "funnel.payments",
        "funnel.prices",
        "funnel.permissions",
        "funnel.whereabouts",
        "funnel.relay",
        "funnel.reconciliation",
        "funnel.restoration",
        "funnel.receipt",
        "funnel.notices",
        "funnel.summary",
        "funnel.pixels",
        "funnel.regions",
    },
    {"funnel.doctor", "funnel.metrics"},
    {"funnel.leads", "funnel.housekeeping", "funnel.backlog", "funnel.standing"},
    {"funnel.charging", "funnel.delivery", "funnel.erasure"},
    {"funnel.charge"},
    {"funnel.pricing"},
    {
        "funnel.challenge",
        "funnel.judge",
        "funnel.pay_token",
        "funnel.return_token",
        "funnel.charge_calls",
        "funnel.drift",
    },
    {
        "funnel.visits",
        "funnel.attempts",
        "funnel.unresolved",
        "funnel.outbox",
        "funnel.breaker",
        "funnel.crm",
        "funnel.migrations",
    },
    {
        "funnel.cookie",
        "funnel.attempt_rows",
        "funnel.journal",
        "funnel.tries",
        "funnel.floods",
        "funnel.logs",
        "funnel.error_reports",
    },
    {"funnel.visit"},
    {
        "funnel.store",
        "funnel.steps",
        "funnel.quote",
        "funnel.offers",
        "funnel.robots",
        "funnel.attribution",
        "funnel.scrub",
        "funnel.violations",
        "funnel.page_print",
        "funnel.redirects",
    },
    {"config", "funnel.engine", "funnel.tables"},
    {"funnel.settings", "funnel.attempt", "funnel.schema"},
    {"funnel.campaign_rules", "funnel.theme_rules", "funnel.slot_rules", "funnel.texts"},
    {"funnel.upsell_rules"},
    {
        "funnel.campaign",
        "funnel.assets",
        "funnel.mistakes",
        "funnel.filesystem",
        "funnel.people",
        "funnel.cards",
        "funnel.origin",
    },
    {"funnel.inventory", "funnel.slots"},
    {"funnel.package", "funnel.theme", "funnel.copy_table", "funnel.folders"},
    {"funnel.campaign_tables"},
    {
        "funnel.campaign_values",
        "funnel.slot_markup",
        "funnel.basket",
        "funnel.phrase",
        "funnel.catalogue",
        "funnel.traces",
    },
]
WITHOUT_FLASK = [
    "config",
    *(
        "funnel." + room
        for room in [
            "steps",
            "store",
            "traces",
            "tables",
            "engine",
            "schema",
            "migrations",
            "outbox",
            "breaker",
            "attempts",
            "attempt_rows",
            "journal",
            "unresolved",
            "crm",
            "flow",
            "relay",
            "visit",
            "visits",
            "cookie",
            "judge",
            "charging",
            "delivery",
            "housekeeping",
            "backlog",
            "erasure",
            "scrub",
            "error_reports",
            "violations",
            "logs",
            "metrics",
            "standing",
            "words",
            "phrase",
            "catalogue",
            "origin",
            "tries",
            "floods",
            "challenge",
        ]
    ),
]


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """A file's own room: itself, or the package that its folder makes."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "funnel" else parts[0]


FILES = {module_of(file): file for file in [ROOT / "app.py", ROOT / "config.py", *ROOT.glob("funnel/**/*.py")]}


def imports_of(module: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else node.module for name in names}
    return found


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


OURS = sorted(name for name in FILES if not name.startswith("funnel.sandbox") and name != "funnel")


@pytest.mark.parametrize("module", OURS)
def test_imports_only_go_down(module: str) -> None:
    room = room_of(module)
    for imported in imports_of(module) & FILES.keys() - {"funnel"}:
        other = room_of(imported)
        assert other == room or floor_of(other) > floor_of(room), f"{module} imports {imported}"


@pytest.mark.parametrize("module", sorted(name for name in FILES if name.startswith("funnel.sandbox")))
def test_the_sandbox_shares_nothing_with_the_client_it_tests(module: str) -> None:
    assert not [name for name in imports_of(module) & FILES.keys() if not name.startswith("funnel.sandbox")]


@pytest.mark.parametrize("room", WITHOUT_FLASK)
def test_the_inner_rooms_know_nothing_of_flask(room: str) -> None:
    modules = [name for name in FILES if name == room or name.startswith(f"{room}.")]
    assert modules
    for module in modules:
        assert not [name for name in imports_of(module) if name.split(".")[0] in ("flask", "flask_wtf", "wtforms")]


def test_only_one_file_names_what_the_session_holds() -> None:
    """The cookie's keys stand in cookie.py alone."""
    guilty = [
        name
        for name, file in FILES.items()
        if name != "funnel.cookie" and "session[" in file.read_text() and "sandbox" not in name
    ]
    assert guilty == []
