"""Where a visitor came from, as the CRM wants it told: the landing address, kept exact and within its limits."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from funnel.cards import looks_like_card

LONGEST_URI = 500  # the limits of the vendor's old rules file
LONGEST_AGENT = 300
CLICK_IDS = {
    "fbclid",
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "epik",
    "sclid",
    "yclid",
}
PARSED_BY_CRM = {"affid", "c1", "c2", "c3", "c4", "c5"}
CARD_FIELDS = {"cardnumber", "cardsecuritycode", "cardexpirydate", "cardmonth", "cardyear"}
UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Arrival:
    """The facts of a visit's first request, under Konnektive's names."""

    requestUri: str
    userAgent: str
    httpReferer: str
    ipAddress: str


def arrival(*, origin: str, target: str, user_agent: str, referer: str, ip_address: str) -> Arrival:
    """`origin` is scheme and host as the shopper sees them, `target` the raw path and query of the request line."""
    return Arrival(
        requestUri=request_uri(origin, target),
        userAgent=CONTROL.sub("", user_agent)[:LONGEST_AGENT],
        httpReferer=request_uri("", referer) if referer else "",
        ipAddress=ip_address,
    )


def request_uri(origin: str, target: str) -> str:
    """The address as asked for, with card-like numbers masked; over 500 characters the attribution is kept first."""
    path, _, query = UNPRINTABLE.sub(_escaped, target).partition("?")
    path = "/masked" if looks_like_card(unquote_plus(path)) else path
    return _within_limit(origin + path, _masked(query))


def query_without_cards(query: str) -> str:
    """A query with card-like numbers masked, and otherwise exactly as it was."""
    return "&".join(_masked(query))


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _masked(query: str) -> list[str]:
    return [_masked_parameter(parameter) for parameter in query.split("&")] if query else []


def _masked_parameter(parameter: str) -> str:
    name, _, _ = parameter.partition("=")
    if name.lower() in CARD_FIELDS or (_rank(parameter) == 2 and looks_like_card(unquote_plus(parameter))):
        return "masked" if looks_like_card(unquote_plus(name)) else f"{name}=masked"
    return parameter


def _within_limit(address: str, parameters: list[str]) -> str:
    """Whole parameters are left out, the least telling and last ones first; what stays keeps its order."""
    kept: set[int] = set()
    room = LONGEST_URI - len(address)
    for index in sorted(range(len(parameters)), key=lambda index: (_rank(parameters[index]), index)):
        if len(parameters[index]) + 1 <= room:
            kept.add(index)
            room -= len(parameters[index]) + 1
    query = "&".join(parameters[index] for index in sorted(kept))
    return (address + ("?" + query if query else ""))[:LONGEST_URI]


def _rank(parameter: str) -> int:
    name = parameter.partition("=")[0].lower()
    if name in PARSED_BY_CRM:
        return 0
    return 1 if name in CLICK_IDS or name.startswith("utm_") else 2
