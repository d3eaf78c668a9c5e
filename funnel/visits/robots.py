"""Who is not a shopper: prefetching browsers and the programs that draw link previews."""

from collections.abc import Mapping

from werkzeug.datastructures import Headers

# Names that such programs give themselves in User-Agent, in lower case.
PREVIEWS = (
    "facebookexternalhit",
    "facebot",
    "meta-externalagent",
    "twitterbot",
    "linkedinbot",
    "slackbot",
    "slack-imgproxy",
    "discordbot",
    "telegrambot",
    "whatsapp/",
    "skypeuripreview",
    "pinterestbot",
    "redditbot",
    "embedly",
    "viber/",
    "snapchat ads",
    "googlebot",
    "adsbot-google",
    "google-inspectiontool",
    "bingbot",
    "bingpreview",
    "applebot",
    "yandexbot",
    "duckduckbot",
    "baiduspider",
)
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def is_shopper(method: str, headers: Headers | Mapping[str, str]) -> bool:
    """False for HEAD, for a prefetch or preview, and for known link-preview bots: they are shown pages, not counted."""
    if method == "HEAD" or any(_fetched_ahead(headers.get(name, "")) for name in PREFETCH_HEADERS):
        return False
    agent = headers.get("User-Agent", "").lower()
    return not any(name in agent for name in PREVIEWS)


def _fetched_ahead(purpose: str) -> bool:
    return any(word in purpose.lower() for word in ("prefetch", "prerender", "preview"))
