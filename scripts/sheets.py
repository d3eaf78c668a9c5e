"""Pictures side by side, kept as one file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize

Scheme = Literal["light", "dark"]
GAP = 24  # pixels
ROW_STYLE = f"margin:0;padding:{GAP}px;display:flex;gap:{GAP}px;background:#d9d4cc"


def keep_row(browser: Browser, pictures: Sequence[Path], file: Path, size: ViewportSize) -> None:
    """Side by side, each cut to the size."""
    shown = "".join(image(picture, width=size["width"], height=size["height"]) for picture in pictures)
    width = len(pictures) * (size["width"] + GAP) + GAP
    keep(browser, f'<!doctype html><body style="{ROW_STYLE}">{shown}', file, width=width)


def image(file: Path, **size: int) -> str:
    style = "".join(f"{name}:{pixels}px;" for name, pixels in size.items())
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<img style="{style}object-fit:cover;object-position:top" src="data:image/png;base64,{data}">'


def keep(browser: Browser, html: str, file: Path, *, width: int) -> None:
    """The page as a picture, of the kind that the file's name says."""
    page = browser.new_page(viewport=ViewportSize(width=width, height=100))
    page.set_content(html, wait_until="load")
    if file.suffix == ".webp":
        file.write_bytes(_webp(page))
    else:
        page.screenshot(path=file, full_page=True)
    page.close()


def _webp(page: Page) -> bytes:
    """Playwright itself knows PNG and JPEG only."""
    session = page.context.new_cdp_session(page)
    asked = {"format": "webp", "quality": 70, "captureBeyondViewport": True}
    box = page.evaluate("(() => ({ width: document.body.offsetWidth, height: document.body.offsetHeight }))()")
    taken = session.send("Page.captureScreenshot", {**asked, "clip": {"x": 0, "y": 0, "scale": 1, **box}})
    return base64.b64decode(taken["data"])
