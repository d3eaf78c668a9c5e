"""Test cards: which number makes what happen. The numbers are ours; only 0000000000000000 is the vendor's."""

import re
from dataclasses import dataclass
from enum import Enum

CARD_LENGTHS = range(13, 20)
ENDING = 4  # signs
VENDOR_TEST_NUMBER = "0" * 16


class Effect(Enum):
    """What comes of a card. REFUSE is the CRM's own refusal, before any gateway is asked."""

    APPROVE = "approve"
    DECLINE = "decline"
    REFUSE = "refuse"
    HOLD = "hold"
    BANK_URL = "3DS by url"
    BANK_SCRIPT = "3DS by script"
    FAULT = "fault"


@dataclass(frozen=True)
class Outcome:
    """An effect, with the decline's or refusal's text or the fault's kind where it has one."""

    effect: Effect
    detail: str = ""


APPROVE = Outcome(Effect.APPROVE)
DECLINE = Outcome(Effect.DECLINE, "Card Declined")
PREPAID = Outcome(Effect.DECLINE, "Prepaid Credit Cards Are Not Accepted")
BANK = Outcome(Effect.BANK_URL)
# The vendor publishes neither text.
ALREADY_PURCHASED = Outcome(Effect.REFUSE, "This product has already been purchased within the reorder days.")
DECLINE_LIMIT = Outcome(Effect.REFUSE, "Order blocked by fraud protection: decline limit reached.")


def fault(kind: str) -> Outcome:
    return Outcome(Effect.FAULT, kind)


@dataclass(frozen=True)
class SandboxCard:
    """A number and what happens to the order and, later, to upsales billed to the same card."""

    number: str
    sentence: str
    on_order: Outcome = APPROVE
    on_upsale: Outcome = APPROVE


TEST_CARDS = (
    SandboxCard(VENDOR_TEST_NUMBER, "Approves: the vendor's own test card."),
    SandboxCard("4111111111111111", "Approves (Visa)."),
    SandboxCard("4242424242424242", "Approves (Visa)."),
    SandboxCard("5555555555554444", "Approves (Mastercard)."),
    SandboxCard("2223003122003222", "Approves (Mastercard, 2-series)."),
    SandboxCard("378282246310005", "Approves (American Express)."),
    SandboxCard("4000000000000002", "Declines.", DECLINE),
    SandboxCard("4000000000009995", "Declines: insufficient funds.", Outcome(Effect.DECLINE, "Insufficient Funds")),
    SandboxCard("4000000000000127", "Declines: wrong security code.", Outcome(Effect.DECLINE, "Incorrect Cvc")),
    SandboxCard("4000000000000069", "Declines as a prepaid card.", PREPAID),
    SandboxCard("4000000000000341", "Approves the order, declines every upsale.", APPROVE, DECLINE),
    SandboxCard("4000000000000259", "Approves, slowly, order and upsales.", fault("latency"), fault("latency")),
    SandboxCard("4000000000004954", "Approves, but holds the order for review (PENDING).", Outcome(Effect.HOLD)),
    SandboxCard("4000000000005019", "Refused by the CRM: bought before, within the reorder days.", ALREADY_PURCHASED),
    SandboxCard("4000000000005027", "Refused by the CRM: its own fraud limits.", DECLINE_LIMIT),
    SandboxCard("4000000000003220", "3DS: sends the shopper to the bank's page by url.", BANK),
    SandboxCard(
        "4000000000003063",
        "3DS: answers with a script that opens the bank in a frame.",
        Outcome(Effect.BANK_SCRIPT),
    ),
    SandboxCard("4000000000003246", "Approves the order, asks for 3DS at every upsale.", APPROVE, BANK),
    SandboxCard(
        "4000000000003311",
        "Approves the order, answers every upsale with a 3DS script.",
        APPROVE,
        Outcome(Effect.BANK_SCRIPT),
    ),
    SandboxCard("4000000000006009", "Charged, but the answer is lost.", fault("process_then_drop")),
    SandboxCard("4000000000006017", "Not charged, and no answer.", fault("drop")),
    SandboxCard("4000000000006025", "Charged, but the answer is an HTML page.", fault("html")),
    SandboxCard("4000000000006033", "Not charged: an ERROR text nobody knows.", fault("unknown_error")),
    SandboxCard("4000000000006041", "No answer; charged some seconds later.", fault("process_late")),
    SandboxCard("4000000000006074", "Not charged; the connection stays open without an answer.", fault("hang")),
    SandboxCard("4000000000006082", "Charged, but the answer breaks off.", fault("truncated")),
    SandboxCard("4000000000006090", "Not charged: a server error (500).", fault("500")),
    SandboxCard(
        "4000000000006058",
        "Order approved; upsales charged, answer lost.",
        APPROVE,
        fault("process_then_drop"),
    ),
    SandboxCard("4000000000006066", "Order approved; upsales not charged, no answer.", APPROVE, fault("drop")),
)
BY_NUMBER = {card.number: card for card in TEST_CARDS}

BRANDS = (
    (re.compile("0{16}"), "TESTCARD"),
    (re.compile("4"), "VISA"),
    (re.compile("5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720)"), "MASTERCARD"),
    (re.compile("3[47]"), "AMEX"),
    (re.compile("6(011|4[4-9]|5|22)"), "DISCOVER"),
    (re.compile("3(0[0-5]|[689])"), "DINERS"),
    (re.compile("35"), "JCB"),
)


def digits_of(text: str) -> str:
    """The card number without the spaces and dashes people type."""
    return re.sub(r"[ \-]", "", text)


def is_card_number(digits: str) -> bool:
    """13 to 19 ASCII digits that pass the Luhn check."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in CARD_LENGTHS):
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


def card_type(digits: str) -> str:
    return next((brand for start, brand in BRANDS if start.match(digits)), "VISA")


def instrument_card(instrument: str) -> str:
    """The test card an account number, IBAN or wallet token behaves like: the one with the same last four signs."""
    ending = instrument[-ENDING:]
    return next((card.number for card in TEST_CARDS if card.number[-ENDING:] == ending), VENDOR_TEST_NUMBER)


def order_outcome(digits: str) -> Outcome:
    """What this card does to an order. A card not in the table approves."""
    return BY_NUMBER[digits].on_order if digits in BY_NUMBER else APPROVE


def upsale_outcome(digits: str) -> Outcome:
    """What this card does to an upsale. A card not in the table approves."""
    return BY_NUMBER[digits].on_upsale if digits in BY_NUMBER else APPROVE
