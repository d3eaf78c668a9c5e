"""What an order is paid with: a card, or one of the CRM's other ways, each with its own parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from funnel.sandbox.api.gateway import card_payment
from funnel.sandbox.api.params import Params, integer, require
from funnel.sandbox.api.replies import NO_CUSTOMER, NOT_VALID, TOKEN_USED, Refusal, must_be_in
from funnel.sandbox.calls import HIDDEN
from funnel.sandbox.cards import APPROVE, Outcome, digits_of, instrument_card, order_outcome, upsale_outcome
from funnel.sandbox.orders import Payment
from funnel.sandbox.world import World

CARD, PAYPAL = "CREDITCARD", "PAYPAL"
PAY_SOURCES = (
    CARD,
    "CHECK",
    "ACCTONFILE",
    "PREPAID",
    "COD",
    "DIRECTDEBIT",
    PAYPAL,
    "AMAZON",
    "APPLEPAY",
    "GOOGLEPAY",
)
ACCOUNT_TYPES = ("CHECKING", "SAVINGS")
ROUTING_DIGITS = 9
SHOWN = 4  # signs of an account


@dataclass(frozen=True)
class Paid:
    """A way to pay, and what comes of it."""

    payment: Payment
    outcome: Outcome = APPROVE


def pay_source(params: Params) -> str:
    """CREDITCARD unless said otherwise."""
    paySource = params.get("paySource") or CARD
    if paySource not in PAY_SOURCES:
        raise Refusal({"paySource": must_be_in(PAY_SOURCES)})
    return paySource


def paid_with(world: World, params: Params, paySource: str) -> Paid:
    """Anything but PayPal, which is a trip. What a call lacks is refused by its name."""
    return READERS[paySource](world, params)


def pays_anew(params: Params) -> bool:
    """Whether an upsale brings its own payment rather than be billed to the order's."""
    return bool(params.get("cardNumber")) or params.get("paySource", "") not in ("", CARD)


def by_card(world: World, params: Params) -> Paid:
    payment = card_payment(params, world.now())
    return Paid(payment, order_outcome(digits_of(params["cardNumber"])))


def by_check(world: World, params: Params) -> Paid:
    require(params, ["achAccountType", "achRoutingNumber", "achAccountNumber"])
    routing = params["achRoutingNumber"]
    if params["achAccountType"] not in ACCOUNT_TYPES:
        raise Refusal({"achAccountType": must_be_in(ACCOUNT_TYPES)})
    if not (routing.isascii() and routing.isdigit() and len(routing) == ROUTING_DIGITS):
        raise Refusal({"achRoutingNumber": NOT_VALID})
    details = {
        "achAccountType": params["achAccountType"],
        "achRoutingNumber": routing,
        "achAccountNumber": f"{HIDDEN}{params['achAccountNumber'][-SHOWN:]}",
        "achNameOnAccount": params.get("achNameOnCheck", ""),
        "achAccountHolderType": params.get("achAccountHolderType", ""),
    }
    return by_instrument("CHECK", params["achAccountNumber"], details)


def by_direct_debit(world: World, params: Params) -> Paid:
    require(params, ["iban"])
    iban = params["iban"].replace(" ", "")
    return by_instrument(
        "DIRECTDEBIT", iban, {"ibanLast4": iban[-SHOWN:], "accountHolder": params.get("accountHolder", "")}
    )


def by_wallet(paySource: str, name: str) -> Callable[[World, Params], Paid]:
    """A wallet's token pays once."""

    def read(world: World, params: Params) -> Paid:
        require(params, [name])
        if params[name] in world.used_tokens:
            raise Refusal(TOKEN_USED)
        world.used_tokens.add(params[name])
        return by_instrument(paySource, params[name], {})

    return read


def by_amazon(world: World, params: Params) -> Paid:
    require(params, ["amazonOrderId"])
    return by_instrument("AMAZON", params["amazonOrderId"], {})


def by_account_on_file(world: World, params: Params) -> Paid:
    """The customer's latest payment, whatever paySourceId says."""
    require(params, ["customerId"])
    customerId = integer(params, "customerId")
    kept = [order.payment for order in world.orders() if order.customerId == customerId and order.payment]
    if not kept:
        raise Refusal(NO_CUSTOMER)
    return Paid(kept[-1], kept[-1].on_upsale)


def by_nothing(paySource: str) -> Callable[[World, Params], Paid]:
    def read(world: World, params: Params) -> Paid:
        return Paid(Payment(paySource, details=told({"prepaidType": params.get("prepaidType", "")})))

    return read


def by_instrument(paySource: str, instrument: str, details: Mapping[str, str]) -> Paid:
    """It behaves like the test card with the same ending."""
    card = instrument_card(instrument)
    return Paid(Payment(paySource, details=told(details), on_upsale=upsale_outcome(card)), order_outcome(card))


def told(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if value}


READERS: Mapping[str, Callable[[World, Params], Paid]] = {
    CARD: by_card,
    "CHECK": by_check,
    "DIRECTDEBIT": by_direct_debit,
    "APPLEPAY": by_wallet("APPLEPAY", "applePayToken"),
    "GOOGLEPAY": by_wallet("GOOGLEPAY", "googlePayToken"),
    "AMAZON": by_amazon,
    "ACCTONFILE": by_account_on_file,
    "PREPAID": by_nothing("PREPAID"),
    "COD": by_nothing("COD"),
}
