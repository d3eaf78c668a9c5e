"""The system's Chromium, driven by Playwright, and fresh pages of the size of a phone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from machine import find_chromium
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

PHONE = ViewportSize(width=390, height=844)
FLAGS = (
    "--no-sandbox",  # its own sandbox refuses to run as root, and the pages are ours
    "--disable-dev-shm-usage",  # a container's /dev/shm is small
    "--disable-background-networking",
)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = find_chromium(os.environ)
    if found.path is None:
        pytest.skip(found.reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page without cookies: `open_page(java_script_enabled=False)`, or any option of a context."""
    with ExitStack() as opened:

        def open_one(*, viewport: ViewportSize = PHONE, **options: Any) -> Page:
            context = browser.new_context(viewport=viewport, **options)
            opened.callback(context.close)
            return context.new_page()

        yield open_one
