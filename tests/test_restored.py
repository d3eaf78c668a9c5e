"""A backup is put back: what was paid after it was made is never paid again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import Shopper

from app import create_app

SOON_BELIEVED = {"FUNNEL_QUIET_TIME": "1", "FUNNEL_READ_LAG": "0.2"}


def back_up(funnel: Funnel, to: Path) -> None:
    with sqlite3.connect(funnel.settings.database_url.removeprefix("sqlite:///")) as database:
        database.execute("VACUUM INTO ?", (str(to),))
    database.close()


def restored(open_funnel: OpenFunnel, backup: Path) -> Funnel:
    """The funnel over the backup, after the step that the documentation asks for."""
    funnel = open_funnel(DATABASE_URL=f"sqlite:///{backup}", **SOON_BELIEVED)
    done = create_app(funnel.settings).test_cli_runner().invoke(args=["funnel", "attempts", "after-restore"])
    assert done.exit_code == 0, done.output
    return funnel


def come_back(funnel: Funnel, shopper: Shopper) -> Shopper:
    back = Shopper(funnel.url)
    back.browser.cookies.update(shopper.browser.cookies.get_dict())
    return back


def test_an_order_paid_after_the_backup_is_found(crm: Crm, open_funnel: OpenFunnel, tmp_path: Path) -> None:
    before = open_funnel()
    with Shopper(before.url) as shopper:
        shopper.leave_lead()
        back_up(before, tmp_path / "backup.db")
        assert shopper.pay().path == "upsell/1"
        with come_back(restored(open_funnel, tmp_path / "backup.db"), shopper) as back:
            assert back.get("/checkout").path == "checkout/confirming"
            assert eventually(lambda: back.get("/checkout").path == "thank-you")
    assert crm.charges()["total"] == 1


def test_an_order_that_was_not_paid_can_be_paid_after_the_quiet_time(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    before = open_funnel()
    with Shopper(before.url) as shopper:
        shopper.leave_lead()
        back_up(before, tmp_path / "backup.db")
        with come_back(restored(open_funnel, tmp_path / "backup.db"), shopper) as back:
            assert back.get("/checkout").path == "checkout/confirming"
            assert eventually(lambda: back.get("/checkout").path == "checkout")
            assert back.pay().path == "upsell/1"
    assert crm.charges()["total"] == 1


def test_an_offer_accepted_after_the_backup_is_not_made_again(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    before = open_funnel()
    with Shopper(before.url) as shopper:
        shopper.buy()
        back_up(before, tmp_path / "backup.db")
        shopper.submit(choice="yes")
        with come_back(restored(open_funnel, tmp_path / "backup.db"), shopper) as back:
            assert back.get("/upsell/1").path == "thank-you"
    assert crm.charges()["total"] == 2


def test_a_backup_from_before_the_lead_is_mended_by_the_cookie(
    crm: Crm, open_funnel: OpenFunnel, tmp_path: Path
) -> None:
    before = open_funnel()
    with Shopper(before.url) as shopper:
        shopper.get("/")
        back_up(before, tmp_path / "backup.db")
        shopper.leave_lead()
        assert shopper.pay().path == "upsell/1"
        with come_back(restored(open_funnel, tmp_path / "backup.db"), shopper) as back:
            assert back.get("/checkout").path == "checkout/confirming"
            assert eventually(lambda: back.get("/checkout").path == "thank-you")
    assert crm.charges()["total"] == 1
