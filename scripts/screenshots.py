"""Keeps every scene as a picture, and the sheets of them that the docs show.

    make screenshots                  or, for pictures elsewhere, or of some scenes only:
    PYTHONPATH=.:tests .venv/bin/python scripts/screenshots.py --into FOLDER checkout- thank-you-

The scenes come from the gallery of an application that is served for this alone. docs/img/ gets the README's picture
and one sheet a page, docs/gallery.md the list; a folder gets each scene on a phone (360 px) and on a desk (1280 px),
light and dark. The pictures of docs/marketers.md are its own recipes at work (guide_pictures.py).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import guide_pictures
from browser import FLAGS
from conftest import served
from machine import find_chromium
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sheets import Scheme, image, keep, keep_row

from app import create_app, stage
from config import ROOT, load_settings
from funnel.scenes.scene import Scene

DOCS = ROOT / "docs"
SIZES = {"phone": ViewportSize(width=360, height=780), "desk": ViewportSize(width=1280, height=800)}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
Kind = tuple[str, Scheme]  # a name of SIZES, and a scheme
IN_DOCS: list[Kind] = [("phone", "light")]
IN_README = ("presell-new", "checkout-filled", "upsell-upsell1-offer", "thank-you-upsell")
SHEET_STYLE = """
body { margin: 0; padding: 16px; background: #d9d4cc; color: #221; font: 13px/1.3 system-ui, sans-serif; }
body { display: grid; grid-template-columns: repeat(auto-fill, 150px); gap: 16px; inline-size: 1312px; }
figure { margin: 0; } figcaption { margin-block: 4px; overflow-wrap: anywhere; }
img { inline-size: 150px; block-size: 325px; object-fit: cover; object-position: top; display: block; }
"""


HEADING = """# Every page in every mood

Written by `make screenshots`, from the shipped funnel.toml, at the width of a phone; `make run` shows the same scenes
of your own funnel at `/gallery`, on a phone and on a desk. All of each page, at both widths, light and dark:
`PYTHONPATH=.:tests .venv/bin/python scripts/screenshots.py --into FOLDER`.
"""


def main(arguments: list[str]) -> None:
    asked = _options().parse_args(arguments)
    chromium = find_chromium(os.environ)
    if chromium.path is None:
        sys.exit(chromium.reason)
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as playwright:
        folder = Path(asked.into or kept)
        settings = load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}, root=Path(kept))
        scenes = [scene for scene in stage(settings).scenes() if scene.name.startswith(tuple(asked.scenes))]
        browser = playwright.chromium.launch(executable_path=chromium.path, args=FLAGS)
        with served(create_app(settings)) as url:
            kinds = [(size, scheme) for size in SIZES for scheme in SCHEMES] if asked.into else IN_DOCS
            take(browser.new_page(reduced_motion="reduce"), url, scenes, folder, kinds)
        if not asked.into:
            write_docs(browser, scenes, folder)
            guide_pictures.draw(browser, folder)
        browser.close()


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--into", help="keep the pictures in this folder, and leave docs/ alone")
    options.add_argument("scenes", nargs="*", default=[""], help="beginnings of the names of scenes")
    return options


def take(page: Page, url: str, scenes: Iterable[Scene], folder: Path, kinds: Sequence[Kind]) -> None:
    """phone-light/lead-empty.png and the like; lazy pictures are waited for."""
    for scene in scenes:
        page.goto(f"{url}/gallery/{scene.name}")
        page.evaluate("document.querySelectorAll('img').forEach((each) => { each.loading = 'eager'; })")
        for size, scheme in kinds:
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme=scheme)
            page.evaluate("Promise.all([...document.images].map((each) => each.decode().catch(() => {})))")
            page.screenshot(path=folder / f"{size}-{scheme}" / f"{scene.name}.png", full_page=True)


def write_docs(browser: Browser, scenes: list[Scene], folder: Path) -> None:
    """The README's picture, a sheet for each page, and the list of all."""
    phones = folder / "phone-light"
    images = DOCS / "img"
    keep_row(browser, [phones / f"{name}.png" for name in IN_README], images / "funnel.png", SIZES["phone"])
    lines = [HEADING]
    for name, group in groupby(scenes, key=lambda scene: scene.page):
        shown = list(group)
        figures = "".join(
            f"<figure>{image(phones / f'{scene.name}.png')}<figcaption>{scene.mood}</figcaption></figure>"
            for scene in shown
        )
        keep(browser, f"<style>{SHEET_STYLE}</style><body>{figures}", images / f"scenes-{name}.webp", width=1344)
        moods = "\n".join(f"- **{scene.mood}**: {scene.words}" for scene in shown)
        lines.append(f"## {name}\n\n![{name}, in every mood](img/scenes-{name}.webp)\n\n{moods}\n")
    (DOCS / "gallery.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
