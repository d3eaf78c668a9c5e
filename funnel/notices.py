"""The sentences a shopper is told once, at the top of the next page."""

from dataclasses import dataclass

from funnel.attempt import Attempt, PaySource, Reason
from funnel.language.phrase import Phrase, phrase
from funnel.steps import Notice

SENTENCES: dict[Notice, Phrase] = {
    Notice.ALREADY_ORDERED: phrase("Your order is already placed. You were not charged again."),
    Notice.NO_ORDER_YET: phrase("There is no order yet. Complete your order first."),
    Notice.EARLIER_VISIT: phrase(
        "That page belonged to an earlier visit, so we start fresh. Nothing was charged just now."
    ),
    Notice.ADDED: phrase("Added to your order: {name}."),
    Notice.NOT_ADDED: phrase("We could not add {name}, so you were not charged for it. Your order is safe."),
    Notice.STILL_ADDING: phrase("We are still adding {name}. Your receipt shows when it is done."),
    Notice.NOT_CHARGED: phrase(
        "The payment did not go through. You have not been charged. Check your details and try again."
    ),
    Notice.DECLINED: (
        phrase("Your card was declined. You have not been charged. Check the card details or try a different card.")
    ),
    Notice.PREPAID: phrase(
        "This shop cannot take prepaid cards. You have not been charged. Use a debit or credit card."
    ),
    Notice.STALE_FORM: phrase(
        "This page was open for a while, so we refreshed it. Nothing was sent just now. "
        "Check your details and continue."
    ),
    Notice.STALE_CHECKOUT: phrase(
        "This page was open for a while, so we refreshed it. You have not been charged. "
        "Check your details and continue."
    ),
    Notice.STALE_OFFER: phrase("This offer was refreshed while the page was open. Nothing was added just now."),
    Notice.COOKIES_BLOCKED: phrase(
        "Your browser blocks cookies, which we need to keep your order safe. "
        "Allow cookies for this site and try again. Nothing was charged just now."
    ),
    Notice.PRICE_CHANGED: phrase(
        "The price changed while this page was open. You have not been charged. Check the new total."
    ),
    Notice.CANNOT_TAKE_PAYMENTS: phrase(
        "We cannot take payments right now. Your details are saved and you have not been charged. "
        "Try again in a few minutes."
    ),
    Notice.CLOSED_FOR_NOW: phrase("We cannot take payments right now. Your order, if you placed one, is safe."),
    Notice.NOT_SENT: phrase(
        "We cannot take payments right now. This time you were not charged. "
        "What you typed is still here, except for the card. Try again in a few minutes."
    ),
    Notice.NOT_SAVED: (
        phrase("We could not save your details just now. What you typed is still here. Try again in a few minutes.")
    ),
    Notice.TOO_MANY_DECLINES: (
        phrase("We could not take this payment. You have not been charged. Please wait a while or contact us.")
    ),
    Notice.TOO_MANY_TRIES: (
        phrase(
            "Too many tries. Wait 15 minutes, then try again, or contact us. Nothing was sent to your bank just now."
        )
    ),
    Notice.TOO_MANY_FORMS: phrase(
        "Too many tries. Wait 15 minutes, then press the button again. Nothing was sent or charged just now."
    ),
    Notice.PERSON_UNPROVEN: phrase("Tick the box to show that you are a person. Nothing was charged just now."),
    Notice.PERSON_UNKNOWN: phrase(
        "We could not check just now that you are a person, so we cannot take a card. Nothing was charged just now. "
        "Try again in a minute, or contact us."
    ),
    Notice.PAYPAL_DECLINED: (
        phrase("PayPal did not make the payment. You have not been charged. Try again or choose another way to pay.")
    ),
    Notice.CANCELLED: phrase("You came back from PayPal without paying. You have not been charged. Choose how to pay."),
    Notice.TOTAL_CHANGED: phrase("Your total has changed, and you have not been charged yet. Check it and pay again."),
    Notice.TOTAL_UNKNOWN: (
        phrase("We could not work out your total just now. You have not been charged. Try again in a moment.")
    ),
    Notice.ALREADY_PURCHASED: phrase(
        "It looks as if you have ordered this before, so the payment was not taken. You have not been charged again. "
        "Please contact us if you want more of it."
    ),
    Notice.FRAUD_LIMIT: (
        phrase("We could not take this payment. You have not been charged. Please wait 15 minutes or contact us.")
    ),
    Notice.UNPAYABLE: phrase("We could not take this payment. You have not been charged. Please contact us."),
}

KINDS = {Notice.ADDED: "good", Notice.NOT_ADDED: "bad"}

WHY_NOT = {
    Reason.DECLINED: Notice.DECLINED,
    Reason.PREPAID: Notice.PREPAID,
    Reason.INVALID: Notice.NOT_CHARGED,
    Reason.UNREACHABLE: Notice.CANNOT_TAKE_PAYMENTS,
    Reason.NEVER_SENT: Notice.CANNOT_TAKE_PAYMENTS,
    Reason.NOT_FOUND_PAID: Notice.NOT_CHARGED,
    Reason.FOREIGN_ORDER: Notice.UNPAYABLE,
    Reason.CANCELLED: Notice.CANCELLED,
    Reason.ALREADY_PURCHASED: Notice.ALREADY_PURCHASED,
    Reason.FRAUD_LIMIT: Notice.FRAUD_LIMIT,
}


@dataclass(frozen=True)
class Told:
    """`kind` is how it looks: good, plain or bad."""

    words: Phrase
    kind: str


def why_not(attempt: Attempt) -> Notice:
    """Of an order's attempt that has ended without a charge."""
    why = WHY_NOT[attempt.reason or Reason.NOT_FOUND_PAID]
    by_paypal = attempt.pay_source is PaySource.PAYPAL
    return Notice.PAYPAL_DECLINED if by_paypal and why is Notice.DECLINED else why


def sentence(notice: str, *, names: dict[str, str]) -> Told | None:
    """Of a notice as the visit keeps it, "added:upsell1" for one about an offer; None for an unknown one."""
    kind, _, step = notice.partition(":")
    words = SENTENCES.get(Notice(kind)) if kind in set(Notice) else None
    if words is None:
        return None
    about = {"name": phrase(names[step]) if step in names else phrase("the offer")}
    return Told(Phrase(words.text, about), KINDS.get(Notice(kind), "plain"))
