"""A developer without an account, calling a sandbox CRM over HTTP as any client would."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from conftest import served

from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue import Product

PATIENCE = 20  # seconds for an answer
CREDENTIALS = {"loginId": "sandbox", "password": "sandbox"}
MAYA = {
    "firstName": "Maya",
    "lastName": "Brandt",
    "emailAddress": "maya@example.com",
    "ipAddress": "203.0.113.7",
}
HOME = {
    "shipAddress1": "1 Mill Lane",
    "shipCity": "Albany",
    "shipState": "NY",
    "shipPostalCode": "12207",
    "shipCountry": "US",
}
APPROVES = "4242424242424242"
DECLINES = "4000000000000002"
CATALOGUE = {
    101: Product(7, 101, "Desk lamp", Decimal("49.95"), Decimal("4.95")),
    102: Product(7, 102, "Lamp oil", Decimal("10.00")),
    201: Product(7, 201, "Spare bulbs", Decimal("14.00"), productType="UPSALE"),
}


@dataclass
class Clock:
    """The sandbox's clock, which moves when a test says so, or with the world's."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Caller:
    url: str
    clock: Clock = field(default_factory=Clock)

    def call(self, path: str, /, **params: object) -> dict[str, Any]:
        answer = self.post(path, **params)
        assert answer.status_code == 200
        reply: dict[str, Any] = json.loads(answer.text)
        return reply

    def post(self, path: str, /, **params: object) -> requests.Response:
        return requests.post(self.url + path, data={**CREDENTIALS, **params}, timeout=PATIENCE)

    def lead(self, **more: object) -> str:
        reply = self.call("/leads/import/", **{"campaignId": 7, **MAYA, **more})
        assert reply["result"] == "SUCCESS", reply
        return str(reply["message"]["orderId"])

    def order(self, orderId: str, card: str = APPROVES, **more: object) -> dict[str, Any]:
        return self.call("/order/import/", **order_params(orderId, card, **more))

    def bought(self, card: str = APPROVES, **more: object) -> str:
        """The id of a completed order."""
        orderId = self.lead()
        assert self.order(orderId, card, **more)["result"] == "SUCCESS"
        return orderId

    def upsale(self, orderId: str, **more: object) -> dict[str, Any]:
        return self.call("/upsale/import/", **{"orderId": orderId, "productId": 201, **more})

    def row(self, orderId: str) -> dict[str, Any]:
        row: dict[str, Any] = self.call("/order/query/", orderId=orderId)["message"]["data"][0]
        return row

    def desk(self, path: str, /, **switches: object) -> Any:
        """GET of /_sandbox/…, or POST where there is something to set."""
        url = f"{self.url}/_sandbox/{path}"
        answer = (
            requests.post(url, json=switches, timeout=PATIENCE) if switches else requests.get(url, timeout=PATIENCE)
        )
        answer.raise_for_status()
        return answer.json()

    def charges(self, orderId: str) -> dict[str, int]:
        charges: dict[str, int] = self.desk("charges")["orders"].get(orderId, {})
        return charges


def order_params(orderId: str, card: str = APPROVES, **more: object) -> dict[str, object]:
    """An order of one lamp, paid by card."""
    return {
        **({"orderId": orderId} if orderId else {}),
        "campaignId": 7,
        "product1_id": 101,
        **HOME,
        "paySource": "CREDITCARD",
        "cardNumber": card,
        "cardMonth": "12",
        "cardYear": "2039",
        "cardSecurityCode": "123",
        **more,
    }


@contextmanager
def sandbox(**settings: Any) -> Iterator[Caller]:
    """A sandbox with three products, served on a free port of this machine."""
    clock = Clock()
    app = create_sandbox(**{"catalogue": CATALOGUE, "now": clock, **settings})
    with served(app) as url:
        yield Caller(url, clock)
