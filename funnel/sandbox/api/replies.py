"""The envelope every call is answered with, and the error texts.

Texts marked recorded are the vendor's own. The others are ours: assumptions, for the vendor published none.
"""

from dataclasses import dataclass
from typing import Any

SUCCESS = "SUCCESS"
ERROR = "ERROR"
MERC_REDIRECT = "MERC_REDIRECT"

REQUIRED = "is a required field"  # recorded
NOT_VALID = "Not a valid input"  # after the recorded "Not a valid input. Must be in: …"
BAD_CREDENTIALS = "Could not authenticate credentials: loginId or password is wrong."  # its first half was seen
NO_PRODUCTS = "No products exist in the order"  # recorded
NO_NAMES = "First and last name are required fields."  # recorded
NO_CONTACT = "An email address or a phone number is required."
NO_ORDERS = "No orders matching those parameters could be found"  # recorded
NO_TRANSACTIONS = "No transactions matching those parameters could be found"  # after the recorded one for orders
NO_CAMPAIGNS = "No campaigns matching those parameters could be found"  # after the recorded one for orders
NO_SUCH_ORDER = "Order not found"
NO_SUCH_SESSION = "Session not found"
ALREADY_PROCESSED = "This order has already been processed."
NOT_COMPLETE = "The order is not complete."
WINDOW_PASSED = "The upsale window of this order has passed."
DECLINED = "Transaction Declined: "  # recorded
NEEDS_BANK_URLS = DECLINED + "3DS Authentication Required"
PAYPAL_NOT_AGREED = "The PayPal payment was not approved. Please redirect your customer to PayPal."  # its end was seen
NO_SUCH_COUPON = "Coupon code is not valid"
NO_TAX_SERVICE = "No sales tax service is configured for this campaign"
NO_CUSTOMER = "Customer not found"  # recorded for preauth
TOKEN_USED = DECLINED + "Payment Token Already Used"
QA_APPROVED = "Order QA Approved"  # recorded
QA_DECLINED = "Order QA Declined"
NOT_IN_REVIEW = "Order is not pending review"
NOT_PLAYED = "The sandbox does not play this."
NOT_READ = "The request could not be read."
UNKNOWN_TEXT = "Sandbox fault 7: an error text nobody has met before"


@dataclass(frozen=True)
class Reply:
    """`message` is a string, an object or a number; only `result` says how the call went."""

    result: str
    message: Any


class Refusal(Exception):
    """An ERROR: a text, or a map from fields to what is wrong with them."""

    def __init__(self, message: str | dict[str, str]) -> None:
        super().__init__()
        self.message = message


def success(message: Any) -> Reply:
    return Reply(SUCCESS, message)


def redirect_to(url: str) -> Reply:
    return Reply(MERC_REDIRECT, {"url": url})


def must_be_in(choices: tuple[str, ...]) -> str:
    """The recorded text for a value that is not among the choices."""
    return f"{NOT_VALID}. Must be in: {', '.join(repr(choice) for choice in choices)}"
