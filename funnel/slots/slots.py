"""Which pages have slots, and the names of the files that stand in them; pure."""

from collections.abc import Iterator

from funnel.campaign.tables import Slots

FOLDER = "slots"
PLACES = ("head", "body")
# No page with somebody's ticket in its address is among them, none that waits for a payment, and no error page.
PAGES = ("presell", "lead", "upsell", "thankyou")
CARD_PAGE = "checkout"


def opens(table: Slots, page: str) -> bool:
    return page in PAGES or (page == CARD_PAGE and table.checkout)


def files(page: str, place: str) -> tuple[str, str]:
    """The one of all pages first."""
    return f"{FOLDER}/{place}.html", f"{FOLDER}/{page}-{place}.html"


def known() -> Iterator[str]:
    yield from sorted({file for page in (*PAGES, CARD_PAGE) for place in PLACES for file in files(page, place)})
