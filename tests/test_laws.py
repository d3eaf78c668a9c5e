"""The laws of the house, read from the imports: they only go down, and some rooms know nothing of Flask."""

import ast
from graphlib import TopologicalSorter
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
    {"funnel.web", "funnel.failures", "funnel.props", "funnel.watch.access"},
    {"funnel.language.words"},
    {"funnel.doorway", "funnel.gate", "funnel.headers", "funnel.slots.slot_files"},
    {"funnel.outage", "funnel.rooms"},
    {"funnel.forms.checkout"},
    {"funnel.forms.contact", "funnel.forms.address", "funnel.forms.card"},
    {"funnel.forms.form", "funnel.forms.address_checks"},
    {"funnel.forms.address_choices"},
    {"funnel.forms.fields", "funnel.forms.email_typos", "funnel.forms.address_words"},
    {"funnel.forms.checks", "funnel.forms.tidying"},
    {
        "funnel.flow",
        "funnel.payments",
        "funnel.prices",
        "funnel.permissions",
        "funnel.whereabouts",
        "funnel.outbox.relay",
        "funnel.charges.reconciliation",
        "funnel.charges.restoration",
        "funnel.receipt",
        "funnel.notices",
        "funnel.summary",
        "funnel.pixels",
        "funnel.forms.regions",
    },
    {"funnel.doctor", "funnel.watch.metrics"},
    {"funnel.outbox.leads", "funnel.outbox.housekeeping", "funnel.outbox.backlog", "funnel.watch.standing"},
    {"funnel.charges.charging", "funnel.outbox.delivery", "funnel.erasure"},
    {"funnel.charges.charge"},
    {"funnel.charges.pricing"},
    {
        "funnel.limits.challenge",
        "funnel.charges.judge",
        "funnel.charges.pay_token",
        "funnel.charges.return_token",
        "funnel.charges.calls",
        "funnel.charges.drift",
    },
    {
        "funnel.visits.visits",
        "funnel.charges.attempts",
        "funnel.charges.refusals",
        "funnel.charges.unresolved",
        "funnel.outbox.outbox",
        "funnel.outbox.breaker",
        "funnel.crm",
        "funnel.migrations",
    },
    {
        "funnel.visits.cookie",
        "funnel.charges.rows",
        "funnel.charges.journal",
        "funnel.limits.tries",
        "funnel.limits.floods",
        "funnel.watch.logs",
        "funnel.watch.error_reports",
    },
    {"funnel.visits.rows"},
    {"funnel.visits.visit"},
    {
        "funnel.store.store",
        "funnel.steps",
        "funnel.quote",
        "funnel.offers",
        "funnel.visits.robots",
        "funnel.visits.attribution",
        "funnel.watch.scrub",
        "funnel.watch.violations",
        "funnel.watch.page_print",
        "funnel.redirects",
        "funnel.stop_signal",
    },
    {"config", "funnel.store.engine", "funnel.store.group_commit", "funnel.store.tables"},
    {"funnel.settings", "funnel.attempt", "funnel.store.schema"},
    {
        "funnel.campaign.campaign_rules",
        "funnel.campaign.theme_rules",
        "funnel.slots.slot_rules",
        "funnel.language.texts",
    },
    {"funnel.campaign.upsell_rules"},
    {
        "funnel.campaign.campaign",
        "funnel.assets",
        "funnel.mistakes",
        "funnel.store.filesystem",
        "funnel.people",
        "funnel.cards",
        "funnel.limits.origin",
    },
    {"funnel.inventory", "funnel.slots.slots"},
    {"funnel.campaign.package", "funnel.campaign.theme", "funnel.campaign.copy_table", "funnel.folders"},
    {"funnel.campaign.tables"},
    {
        "funnel.campaign.values",
        "funnel.slots.slot_markup",
        "funnel.basket",
        "funnel.language.phrase",
        "funnel.language.catalogue",
        "funnel.traces",
    },
]
WITHOUT_FLASK = [
    "config",
    *(
        "funnel." + room
        for room in [
            "steps",
            "store.store",
            "store.group_commit",
            "traces",
            "store.tables",
            "store.engine",
            "store.schema",
            "migrations",
            "outbox.outbox",
            "outbox.breaker",
            "charges.attempts",
            "charges.rows",
            "charges.journal",
            "charges.refusals",
            "charges.unresolved",
            "crm",
            "flow",
            "outbox.relay",
            "visits.visit",
            "visits.visits",
            "visits.cookie",
            "charges.judge",
            "charges.charging",
            "outbox.delivery",
            "outbox.housekeeping",
            "outbox.backlog",
            "erasure",
            "watch.scrub",
            "watch.error_reports",
            "watch.violations",
            "watch.logs",
            "watch.metrics",
            "watch.standing",
            "language.words",
            "language.phrase",
            "language.catalogue",
            "limits.origin",
            "limits.tries",
            "limits.floods",
            "limits.challenge",
        ]
    ),
]


ROOMS = set().union(*FLOORS)


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def top_of(module: str) -> str:
    """The folder or the file directly in funnel/ that a file belongs to."""
    return ".".join(module.split(".")[:2])


def room_of(module: str) -> str:
    """What FLOORS names of it: a file, or the folder it stands in where the whole folder has one floor."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ROOMS), module)


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


# A folder whose files have floors of their own is none itself: its __init__ only says what the folder is about.
FOLDERS = {room.rpartition(".")[0] for room in ROOMS if "." in room}
OURS = sorted(name for name in FILES if not name.startswith("funnel.sandbox") and name not in FOLDERS)


@pytest.mark.parametrize("module", OURS)
def test_imports_only_go_down(module: str) -> None:
    room = room_of(module)
    for imported in imports_of(module) & FILES.keys() - FOLDERS:
        other = room_of(imported)
        assert other == room or floor_of(other) > floor_of(room), f"{module} imports {imported}"


def test_folders_make_no_circle() -> None:
    """Not only files: what a folder as a whole needs, does not need that folder in turn."""
    needs: dict[str, set[str]] = {}
    for module in OURS:
        folder = top_of(module)
        needs.setdefault(folder, set()).update(top_of(other) for other in imports_of(module) & FILES.keys())
        needs[folder] -= {folder, "funnel"}
    tuple(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle


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
        if name != "funnel.visits.cookie" and "session[" in file.read_text() and "sandbox" not in name
    ]
    assert guilty == []
