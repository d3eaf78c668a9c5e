"""A steady load through a real nginx, with a sick CRM and restarts: no lead is lost, nothing charged twice, no 500."""

from __future__ import annotations

from pathlib import Path

import pytest
from nginx import Nginx
from processes import Installation
from programs import free_ports
from proxy import HOST
from steady import SETTINGS, Steady

SECONDS, RATE = 12, 3.0  # some 20 more until all of it is settled
PAGES = 10  # fewer visits would prove nothing


@pytest.mark.timeout(300)
def test_under_a_steady_load_with_a_sick_crm_and_restarts_nothing_is_lost(tmp_path: Path) -> None:
    port, plain_port = free_ports(2)
    settings = {**SETTINGS, "PUBLIC_URL": f"https://{HOST}:{port}"}
    with (
        Installation(tmp_path, hosts=2, **settings) as installation,
        Nginx(tmp_path / "nginx", installation.urls, port=port, plain_port=plain_port) as nginx,
    ):
        outcome = Steady(installation, nginx, rate=RATE, seconds=SECONDS, tell=print).run()
        assert "Traceback" not in installation.printed
    assert outcome.right, outcome
    assert len(outcome.leads) >= PAGES
    assert outcome.books.charged > 0
    assert outcome.restarts == 3
