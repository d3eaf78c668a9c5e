"""Every scene in Chromium: axe finds nothing in light and dark, and all of it fits the narrowest phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize
from test_scenes import gallery, settings, theatre  # noqa: F401  # fixtures

from funnel.scenes.stage import Stage

NARROW = ViewportSize(width=320, height=720)
LOOSE_NUMBERS = """[...document.querySelectorAll("a[href^=tel]")]
    .filter((link) => getComputedStyle(link).whiteSpace !== "nowrap").length"""
PAINTED = {"runOnly": ["color-contrast"]}  # all that a colour scheme can change


@pytest.fixture(scope="module")
def narrow(browser: Browser) -> Iterator[Page]:
    """A phone for all scenes; axe's own script is let in by the browser, not by our policy."""
    context = browser.new_context(viewport=NARROW, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.route("https://**", lambda route: route.abort())
    yield page
    context.close()


@pytest.mark.timeout(600)
def test_every_scene_can_be_used_by_everybody(narrow: Page, gallery: str, theatre: Stage) -> None:  # noqa: F811
    """One loop over one page, for a browser's start costs more than a scene."""
    axe, found = Axe(), []
    for scene in theatre.scenes():
        narrow.emulate_media(color_scheme="light")
        narrow.goto(f"{gallery}/{scene.name}")
        if narrow.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            found.append(f"{scene.name} is wider than {NARROW['width']} px")
        if narrow.evaluate(LOOSE_NUMBERS):
            found.append(f"{scene.name} may break a telephone number in two")
        found += _violations(scene.name, axe.run(narrow).response)
        narrow.emulate_media(color_scheme="dark")
        found += _violations(f"{scene.name} in the dark", narrow.evaluate("(painted) => axe.run(painted)", PAINTED))
    assert not found, "\n".join(found)


def _violations(name: str, told: dict[str, list[dict[str, object]]]) -> list[str]:
    return [f"{name}: {each['id']} at {[node['target'] for node in each['nodes']]}" for each in told["violations"]]  # type: ignore[attr-defined]
