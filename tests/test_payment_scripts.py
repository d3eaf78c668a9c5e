"""The page with the card form runs the scripts of payment_scripts.toml, as they were when listed (PCI DSS 6.4.3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import OpenFunnel
from shopper import Page, Shopper

from funnel import inventory
from funnel.folders import Folders

ROOT = Path(__file__).parent.parent
LISTED = {script.name: script for script in inventory.of(Folders(shipped=ROOT))}


def scripts(page: Page) -> dict[str, dict[str, str]]:
    """The attributes of each by its path in static/; one that stands in the page itself has no name there."""
    found = [given for tag, given in page.elements if tag == "script"]
    return {given.get("src", "inline").removeprefix("/static/").split("?")[0]: given for given in found}


@pytest.mark.parametrize("campaign", ["funnel.toml", "choices.toml"])
def test_the_card_form_runs_listed_scripts_alone_and_browsers_insist_on_them(
    open_funnel: OpenFunnel, campaign: str
) -> None:
    with Shopper(open_funnel(FUNNEL_FILE=str(Path(__file__).parent / campaign)).url) as shopper:
        pages = [shopper.get("/checkout"), shopper.leave_lead()]
    for page in pages:
        assert page.path == "checkout"
        found = scripts(page)
        assert found
        assert found.keys() <= LISTED.keys(), "list it in payment_scripts.toml, with its reason"
        for name, given in found.items():
            assert given["integrity"] == LISTED[name].sha384, f"payment_scripts.toml holds another {name}"


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_listed_script_is_unchanged_and_has_a_reason(name: str) -> None:
    now = inventory.sha384((ROOT / "static" / name).read_bytes())
    assert LISTED[name].sha384 == now, f'{name} has changed; read what has, then list it with sha384 = "{now}"'
    assert len(LISTED[name].why) > 20
