"""Where visitors come from, and who is not one."""

import pytest

from funnel.visits.attribution import arrival, request_uri
from funnel.visits.robots import is_shopper

ORIGIN = "https://shop.example"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/?affId=000123&c1=a%20b&c2=%C3%A9&c3=a+b&c4=&c5",
        "/lead?x=1&x=2&&y",
        "/?c1=4242424242424242",  # the affiliate's own value is never touched, whatever it looks like
        "/?next=http://a.example/?q=1#",
    ],
)
def test_the_address_is_told_exactly_as_it_was_asked_for(target: str) -> None:
    assert request_uri(ORIGIN, target) == ORIGIN + target


def test_bytes_that_no_address_may_hold_are_escaped() -> None:
    assert request_uri(ORIGIN, "/?q=é x\x00") == ORIGIN + "/?q=%C3%A9%20x%00"


def test_a_card_number_in_the_address_is_masked() -> None:
    asked = "/?card=4242%204242%204242%204242&affId=7&note=4242424242424242"
    assert request_uri(ORIGIN, asked) == ORIGIN + "/?card=masked&affId=7&note=masked"


def test_over_500_characters_the_attribution_is_kept_first() -> None:
    noise = "&".join(f"noise{n}=" + "z" * 40 for n in range(12))
    clicks = "fbclid=" + "f" * 60 + "&utm_source=mail&affId=000123&c1=a&c5=e"
    told = request_uri(ORIGIN, f"/?{noise}&{clicks}")
    assert len(told) <= 500
    assert told.endswith(clicks)
    assert "noise0=" in told
    assert "noise11=" not in told


def test_parameters_the_crm_parses_outlast_the_click_ids() -> None:
    told = request_uri(ORIGIN, "/?fbclid=" + "f" * 480 + "&affId=9&c1=x")
    assert told == ORIGIN + "/?affId=9&c1=x"


def test_agents_and_referrers_are_cut_to_what_the_crm_takes() -> None:
    facts = arrival(
        origin=ORIGIN,
        target="/",
        user_agent="a" * 400 + "\r\n",
        referer="https://x.example/?" + "b" * 600,
        ip_address="::1",
    )
    assert len(facts.userAgent) == 300
    assert facts.httpReferer == "https://x.example/"
    assert facts.ipAddress == "::1"


@pytest.mark.parametrize(
    ("method", "headers", "shopper"),
    [
        ("GET", {"User-Agent": PHONE}, True),
        ("POST", {"User-Agent": PHONE}, True),
        ("GET", {}, True),
        ("HEAD", {"User-Agent": PHONE}, False),
        ("GET", {"User-Agent": PHONE, "Sec-Purpose": "prefetch;prerender"}, False),
        ("GET", {"User-Agent": PHONE, "Purpose": "prefetch"}, False),
        ("GET", {"User-Agent": PHONE, "X-Moz": "prefetch"}, False),
        ("GET", {"User-Agent": "facebookexternalhit/1.1"}, False),
        ("GET", {"User-Agent": "WhatsApp/2.23.20.0 A"}, False),
        ("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0"}, False),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, False),
        # An app's own browser is used by a person.
        ("GET", {"User-Agent": PHONE + " [FBAN/FBIOS;FBAV/450.0]"}, True),
        ("GET", {"User-Agent": PHONE + " Instagram 300.0"}, True),
    ],
)
def test_only_people_are_counted(method: str, headers: dict[str, str], shopper: bool) -> None:
    assert is_shopper(method, headers) is shopper
