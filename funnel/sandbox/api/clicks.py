"""Import Click: a page was seen."""

import secrets
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from funnel.sandbox.api.params import Params, campaign_id, check_lengths, is_yes, require
from funnel.sandbox.api.replies import NO_SUCH_SESSION, Refusal, Reply, must_be_in, success
from funnel.sandbox.orders import Click, Session
from funnel.sandbox.world import World

PAGE_TYPES = (
    "presellPage",
    "leadPage",
    "checkoutPage",
    "upsellPage1",
    "upsellPage2",
    "upsellPage3",
    "upsellPage4",
    "thankyouPage",
)
AFFILIATE_KEYS = ("affId", "c1", "c2", "c3", "c4", "c5")


def import_click(world: World, params: Params, site: str) -> Reply:
    check_lengths(params)
    require(params, ["pageType"])
    if params["pageType"] not in PAGE_TYPES:
        raise Refusal({"pageType": must_be_in(PAGE_TYPES)})
    session = noted(world, params)
    return success(
        {
            "sessionId": session.sessionId,
            **({"affVals": dict(session.affVals)} if session.affVals else {}),
            **({"pixel": pixel(world, site, session)} if is_yes(params, "fraudPixel") else {}),
        }
    )


def noted(world: World, params: Params) -> Session:
    """The click's session, with the click: the one it names, or a new one."""
    given = params.get("sessionId", "").strip()
    known = world.sessions.get(given)
    if known:
        world.sessions[given] = replace(known, clicks=(*known.clicks, click(world, params)))
        return world.sessions[given]
    if given and world.switches.unknown_session == "error":
        raise Refusal(NO_SUCH_SESSION)
    if given and world.switches.unknown_session == "ignore":
        return opened(world, params, given, given_out=False)
    campaign_id(world, params)
    require(params, ["requestUri"])
    return opened(world, params, secrets.token_hex(16), given_out=True)


def opened(world: World, params: Params, sessionId: str, given_out: bool) -> Session:
    world.sessions[sessionId] = Session(
        sessionId=sessionId,
        campaignId=campaign_id(world, params) if params.get("campaignId") else None,
        ipAddress=params.get("ipAddress", ""),
        userAgent=params.get("userAgent", ""),
        affVals=affiliate_values(params.get("requestUri", "")),
        clicks=(click(world, params),),
        given_out=given_out,
    )
    return world.sessions[sessionId]


def click(world: World, params: Params) -> Click:
    return Click(params["pageType"], world.now(), params.get("requestUri", ""), params.get("httpReferer", ""))


def affiliate_values(requestUri: str) -> dict[str, str]:
    """affId and c1 to c5 from the address's query, as they stand there; leading zeros are kept (recorded)."""
    try:
        pairs = dict(parse_qsl(urlsplit(requestUri).query))
    except ValueError:
        return {}
    return {key: pairs[key] for key in AFFILIATE_KEYS if key in pairs}


def pixel(world: World, site: str, session: Session) -> str | bool:
    """HTML for a hidden place on the checkout, or false. Its frame of one pixel follows the vendor's own script."""
    if not world.switches.fraud_plugin:
        return False
    address = f"{site}/_sandbox/pixel?s={session.sessionId if session.given_out else ''}"
    return f'<iframe width="1" height="1" frameborder="0" scrolling="no" src="{address}"></iframe>'
