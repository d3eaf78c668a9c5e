"""The fraud pixel: asked for with the checkout's click, shown in a frame of its own, from known places only."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Crm, Funnel, OpenFunnel, eventually
from shopper import PATIENCE, Shopper
from travellers import campaign_with

from funnel.pixels import Pixel, read_pixel

CLICK = "/landers/clicks/import/"
VENDOR = "https://lp.konnektive.com"


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    file = campaign_with(tmp_path)
    file.write_text(file.read_text().replace("[checkout]\n", "[checkout]\nfraud_pixel = true\n"))
    return file


def frame(shopper: Shopper, path: str = "/pixel") -> tuple[str, dict[str, str]]:
    answer = shopper.browser.get(shopper.url + path, timeout=PATIENCE)
    assert answer.status_code == 200
    return answer.text, dict(answer.headers)


def test_only_the_checkouts_click_asks_for_it(crm: Crm, shopper: Shopper) -> None:
    shopper.get("/")
    shopper.leave_lead()
    crm.wait_for(CLICK, 3)
    asked = {call["params"]["pageType"]: call["params"].get("fraudPixel") for call in crm.calls(CLICK)}
    assert asked == {"presellPage": None, "leadPage": None, "checkoutPage": "1"}


def test_it_reaches_the_frame_once_the_crm_has_told_it(crm: Crm, shopper: Shopper) -> None:
    crm.fault(CLICK, "latency", seconds=0.5)
    page = shopper.get("/checkout")
    assert page.attributes("iframe")["src"] == "/pixel"
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    text, headers = frame(shopper)
    assert "<iframe" not in text
    assert headers["Refresh"] == "2; url=/pixel?look=1"
    assert eventually(lambda: f'src="{crm.url}/_sandbox/pixel?s=' in frame(shopper)[0])
    text, headers = frame(shopper)
    assert "Refresh" not in headers
    policy = headers["Content-Security-Policy"]
    assert f"frame-src {VENDOR} {crm.url}; img-src {VENDOR} {crm.url};" in policy
    assert "script-src" not in policy, "default-src 'none' holds for scripts"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Cache-Control"] == "no-store"


def test_without_the_plugin_the_frame_stops_looking(crm: Crm, shopper: Shopper) -> None:
    crm.switch(fraud_plugin=False)
    shopper.get("/checkout")
    crm.wait_for(CLICK)
    assert "Refresh" in frame(shopper)[1]
    assert "Refresh" not in frame(shopper, "/pixel?look=8")[1]
    assert "<iframe" not in frame(shopper)[0]


def test_the_frame_tells_no_notice_and_changes_no_cookie(crm: Crm, shopper: Shopper) -> None:
    """A sentence that waits for the next page must not be lost in a frame that nobody sees."""
    shopper.leave_lead()
    crm.wait_for(CLICK, 2)
    assert shopper.get("/upsell/1").path == "checkout", "with a sentence that says why"
    answer = shopper.browser.get(f"{shopper.url}/thank-you", allow_redirects=False, timeout=PATIENCE)
    assert answer.status_code == 303
    frame(shopper)
    assert "There is no order yet." in shopper.get("/checkout").text
    assert "Set-Cookie" not in frame(shopper)[1]


def test_a_checkout_that_shows_no_pixel_lets_no_frame_in(crm: Crm, open_funnel: OpenFunnel) -> None:
    funnel = open_funnel(FUNNEL_FILE=str(Path(__file__).parent / "funnel.toml"))
    with Shopper(funnel.url) as shopper:
        page = shopper.get("/checkout")
        assert "<iframe" not in page.html
        assert "frame-src" not in page.headers["Content-Security-Policy"]
        assert shopper.get("/pixel").status == 404
        crm.wait_for(CLICK)
    assert "fraudPixel" not in crm.calls(CLICK)[0]["params"]


def test_another_visit_does_not_see_it(crm: Crm, funnel: Funnel, shopper: Shopper) -> None:
    shopper.get("/checkout")
    assert eventually(lambda: "<iframe" in frame(shopper)[0])
    with Shopper(funnel.url) as stranger:
        assert "<iframe" not in frame(stranger)[0]


@pytest.mark.parametrize(
    ("markup", "pixel"),
    [
        (f'<iframe width=1 src="{VENDOR}/logos/logo.htm?c=a&amp;s=b"><img src="{VENDOR}/logos/logo.gif"></iframe>',
         Pixel(frames=(f"{VENDOR}/logos/logo.htm?c=a&s=b",))),
        (f'<img src="{VENDOR}/a.gif" onerror="alert(1)">', Pixel(pictures=(f"{VENDOR}/a.gif",))),
        (f'<IFRAME SRC="{VENDOR}/a"></IFRAME><img src="{VENDOR}/b">',
         Pixel(frames=(f"{VENDOR}/a",), pictures=(f"{VENDOR}/b",))),
        ('<iframe src="https://evil.example/"></iframe>', Pixel()),
        (f'<iframe src="{VENDOR}.evil.example/"></iframe>', Pixel()),
        (f'<iframe src="{VENDOR}@evil.example/"></iframe>', Pixel()),
        ('<iframe src="http://lp.konnektive.com/"></iframe>', Pixel()),
        ('<iframe src="javascript:alert(1)"></iframe><img src="/checkout"><img src="//lp.konnektive.com/x">', Pixel()),
        ('<iframe srcdoc="<script>alert(1)</script>"></iframe>', Pixel()),
        ('<script src="https://lp.konnektive.com/x.js"></script><script>alert(1)</script>', Pixel()),
        ('<iframe src="https://[lp.konnektive.com/"></iframe><<<', Pixel()),
        ("no markup at all", Pixel()),
    ],
)  # fmt: skip
def test_frames_and_pictures_of_known_places_are_all_that_is_taken(markup: str, pixel: Pixel) -> None:
    assert read_pixel(markup, [VENDOR]) == pixel
