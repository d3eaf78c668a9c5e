"""Who plays in the scenes: their names and addresses, and their visits."""

import time
from typing import Any

from funnel.campaign.campaign import Campaign
from funnel.forms.regions import region
from funnel.people import Addresses, Contact
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Visit

ARRIVAL = Arrival(requestUri="https://shop.example/", userAgent="", httpReferer="", ipAddress="192.0.2.1")
ORDER_ID = "5E1A7C20F9"

JANE = Contact("Jane", "O’Brien", "jane@example.com", "1-212-555-0100")
LONG = Contact(
    "Wolfeschlegelsteinhausenbergerdorff",
    "Ramírez-Oyelaran-Papadopoulou",
    "wolfeschlegelsteinhausenbergerdorff.ramirez-oyelaran@a-very-long-domain-name.example.com",
)
HOSTILE = Contact("{{7*7}}", "<script>alert(1)</script>", "seven@example.com")


def newcomer(**facts: Any) -> Visit:
    """Seen for the first time; nothing is kept of them yet."""
    return Visit(id="scene", arrival=ARRIVAL, **facts)


def visit(contact: Contact | None = JANE, **facts: Any) -> Visit:
    """Somebody who was here a moment ago."""
    now = time.time()
    return Visit(id="scene", arrival=ARRIVAL, contact=contact, created_at=now, seen_at=now, stored=True, **facts)


def customer(campaign: Campaign, contact: Contact = JANE, **facts: Any) -> Visit:
    """Somebody with an order."""
    return visit(contact, addresses=home(campaign), order_id=ORDER_ID, **facts)


def home(campaign: Campaign) -> Addresses:
    """An address in the first country that this funnel ships to; billing is the same."""
    line1, city, state, postal = _street(campaign.countries[0])
    return Addresses(True, *((line1, "", city, state, postal, campaign.countries[0]) * 2))


def typed_address(campaign: Campaign) -> dict[str, str]:
    """The same, as a form sends it."""
    at = home(campaign)
    state = at.shipState
    if state and len(campaign.countries) > 1:
        state = f"{at.shipCountry}-{state}"
    return {
        "shipCountry": at.shipCountry,
        "shipAddress1": at.shipAddress1,
        "shipCity": at.shipCity,
        "shipState": state,
        "shipPostalCode": at.shipPostalCode,
        "billShipSame": "y",
    }


def _street(country: str) -> tuple[str, str, str, str]:
    if country == "US":
        return "1 Main Street", "Springfield", "IL", "62701"
    found = region(country)
    return "1 Main Street", "Springfield", found.states[0][0] if found.states else "", found.postal_example or ""
