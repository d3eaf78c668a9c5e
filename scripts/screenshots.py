"""Walks a funnel on a phone and keeps its pages as docs/img/funnel.png.

Serve the funnel with its sandbox first (make run), then:
    PYTHONPATH=tests .venv/bin/python scripts/screenshots.py http://127.0.0.1:5000
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from machine import find_chromium
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

PICTURE = Path(__file__).parent.parent / "docs" / "img" / "funnel.png"
PHONE = ViewportSize(width=390, height=844)
SHEET = ViewportSize(width=4 * 390 + 5 * 24, height=844 + 2 * 24)
STYLE = "margin:0;padding:24px;display:flex;gap:24px;background:#d9d4cc"


def walk(page: Page, url: str, folder: Path) -> list[Path]:
    """The presell, checkout, offer and receipt, as PNG files."""
    taken = []

    def take(name: str) -> None:
        taken.append(folder / f"{name}.png")
        page.screenshot(path=taken[-1])

    page.goto(url)
    take("presell")
    page.goto(f"{url}/lead")
    contact = {"firstName": "Jane", "lastName": "O’Brien", "emailAddress": "jane@example.com"}
    fill(page, contact)
    page.locator("main button[type=submit]").click()
    address = {"shipAddress1": "1 Main Street", "shipCity": "Springfield", "shipPostalCode": "62701"}
    page.locator("[name=shipCountry]").select_option("US")
    page.locator("[name=shipState]").select_option(label="Illinois")
    fill(page, address)
    fill(page, {"cardNumber": "4242 4242 4242 4242", "cardExpiryDate": "12 / 39", "cardSecurityCode": "123"})
    page.evaluate("scrollTo(0, 0)")
    take("checkout")
    page.locator("main button[type=submit]").click()
    take("offer")
    page.locator("[name=choice][value=yes]").click()
    page.goto(f"{url}/thank-you")
    take("receipt")
    return taken


def fill(page: Page, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)


def side_by_side(browser: Browser, pictures: list[Path], folder: Path) -> None:
    sheet = folder / "sheet.html"
    images = "".join(f'<img src="{picture.name}" width="{PHONE["width"]}">' for picture in pictures)
    sheet.write_text(f'<body style="{STYLE}">{images}')
    page = browser.new_page(viewport=SHEET)
    page.goto(sheet.as_uri())
    page.screenshot(path=PICTURE)


def main(url: str) -> None:
    chromium = find_chromium(os.environ)
    if chromium.path is None:
        sys.exit(chromium.reason)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium.path, args=flags)
        pictures = walk(browser.new_page(viewport=PHONE), url.rstrip("/"), Path(folder))
        side_by_side(browser, pictures, Path(folder))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
