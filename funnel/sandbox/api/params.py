"""Reading a call's parameters: what is required, how long it may be, what a number looks like."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from funnel.sandbox.api.replies import NO_SUCH_ORDER, NO_SUCH_SESSION, NOT_VALID, REQUIRED, Refusal
from funnel.sandbox.orders import Order
from funnel.sandbox.world import World

Params = Mapping[str, str]

INTEGER = re.compile(r"[0-9]{1,9}")
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
URL = re.compile(r"https?://[^\s<>\"]+")

NAME_LIMITS = dict.fromkeys(("firstName", "lastName", "companyName", "address1", "address2", "city"), 50)
PLACE_LIMITS = {"state": 6, "postalCode": 20, "country": 2}
LIMITS = {
    **NAME_LIMITS,
    **PLACE_LIMITS,
    **{f"ship{name[0].upper()}{name[1:]}": most for name, most in (NAME_LIMITS | PLACE_LIMITS).items()},
    "emailAddress": 255,
    "phoneNumber": 32,
    "sessionId": 40,
    "orderId": 32,
    "ipAddress": 45,
    "requestUri": 500,
    "userAgent": 300,
    "salesUrl": 300,
    "redirectsTo": 300,
    "errorRedirectsTo": 300,
    "couponCode": 30,
    **{f"custom{number}": 50 for number in range(1, 6)},
}


def check_lengths(params: Params) -> None:
    """Documented limits (their later, wider form). That the CRM refuses rather than cuts is an assumption."""
    problems = {
        name: f"must be no more than {most} characters"
        for name, most in LIMITS.items()
        if len(params.get(name, "")) > most
    }
    if problems:
        raise Refusal(problems)


def require(params: Params, names: Iterable[str]) -> None:
    missing = {name: REQUIRED for name in names if not params.get(name, "").strip()}
    if missing:
        raise Refusal(missing)


def integer(params: Params, name: str, default: int = 0) -> int:
    text = params.get(name, "").strip()
    if text and not INTEGER.fullmatch(text):
        raise Refusal({name: NOT_VALID})
    return int(text) if text else default


def amount(params: Params, name: str) -> Decimal | None:
    text = params.get(name, "").strip()
    if text and not AMOUNT.fullmatch(text):
        raise Refusal({name: NOT_VALID})
    return Decimal(text) if text else None


def url(params: Params, name: str) -> str:
    """A web address, or nothing; the sandbox's pages link to it, so nothing else will do."""
    text = params.get(name, "").strip()
    if text and not URL.fullmatch(text):
        raise Refusal({name: NOT_VALID})
    return text


def is_yes(params: Params, name: str) -> bool:
    return params.get(name, "") in ("1", "true")


def campaign_id(world: World, params: Params) -> int:
    require(params, ["campaignId"])
    campaign = integer(params, "campaignId")
    if not world.catalogue.has_campaign(campaign):
        raise Refusal({"campaignId": NOT_VALID})
    return campaign


def existing_order(world: World, params: Params) -> Order:
    require(params, ["orderId"])
    order = world.order(params["orderId"])
    if order is None:
        raise Refusal(NO_SUCH_ORDER)
    return order


def session_id(world: World, params: Params) -> str:
    """The sessionId to note with an order. One never given out is taken, refused or dropped, by switch."""
    given = params.get("sessionId", "")
    if not given or given in world.sessions or world.switches.unknown_session == "ignore":
        return given
    if world.switches.unknown_session == "error":
        raise Refusal(NO_SUCH_SESSION)
    return ""
