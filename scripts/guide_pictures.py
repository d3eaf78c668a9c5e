"""Follows docs/marketers.md in a folder of its own, and takes pictures of what comes out, for that page."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import guide
from conftest import served
from playwright.sync_api import Browser, ViewportSize
from sheets import Scheme, keep_row

from app import create_app
from config import ROOT, load_settings
from funnel.development import reloading

PHONE = ViewportSize(width=360, height=780)
DESK = ViewportSize(width=1000, height=720)
BROKEN = '{% extends "shipped/pages/presell.html" %}\n{% block title %}A lamp{% endblok %}\n'
# The picture, and what stands side by side on it: an address and a scheme.
ROWS: dict[str, list[tuple[str, Scheme]]] = {
    "look": [("/gallery/presell-new", "light"), ("/gallery/lead-empty", "light"), ("/gallery/lead-empty", "dark")],
    "upsell": [("/gallery/upsell-upsell3-offer", "light"), ("/gallery/downsell-upsell1b-offer", "light")],
}


def draw(browser: Browser, folder: Path) -> None:
    """docs/img/marketers-look.webp and the like; `folder` holds the shop meanwhile."""
    (shop := folder / "shop").mkdir(parents=True)
    settings = load_settings({"FUNNEL_FILE": str(guide.follow(shop))}, root=shop)
    app = create_app(settings)
    reloading.install(app, settings, create_app)
    with chdir(shop), served(app) as url:
        for name, row in ROWS.items():
            pictures = [_taken(browser, url + path, folder, PHONE, scheme) for path, scheme in row]
            keep_row(browser, pictures, _file(name), PHONE)
        keep_row(browser, [_taken(browser, f"{url}/gallery", folder, DESK, "light")], _file("gallery"), DESK)
        _taken(browser, url, folder, PHONE, "light")  # so that there is a last good one
        (shop / "theme/templates/pages/presell.html").write_text(BROKEN)
        keep_row(browser, [_taken(browser, url, folder, PHONE, "light")], _file("bar"), PHONE)


def _taken(browser: Browser, address: str, folder: Path, size: ViewportSize, scheme: Scheme) -> Path:
    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address, wait_until="load")
    file = folder / f"{len(list(folder.glob('*.png')))}.png"
    page.screenshot(path=file)
    page.close()
    return file


def _file(name: str) -> Path:
    return ROOT / "docs" / "img" / f"marketers-{name}.webp"
