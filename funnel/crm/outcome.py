"""What the end of a call shows: whether the CRM is up, whether it refused a code only, and its name in logs."""

from funnel.crm.errors import DEADLINE, CrmError, Garbled, Kind, Refused


def refuses_the_code(refusal: Refused) -> bool:
    """No text for a wrong code is published, so any is taken for it that is not known to mean another thing."""
    if refusal.kind is Kind.INVALID:
        return "couponCode" in refusal.fields
    return refusal.text != "" and refusal.kind not in (Kind.AUTH, Kind.DECLINED, Kind.PREPAID)


def shows_up(error: CrmError, *, patient: bool) -> bool | None:
    """Whether a failed call shows the CRM up or down; None when it may be either.

    A CRM that was given less than its usual time may be slow, and a page of something else may stand before it.
    """
    match error:
        case Refused():
            return True
        case Garbled():
            return None if error.answered else False
    return False if patient or error.args != (DEADLINE,) else None


def named(reply: object) -> str:
    """The outcome in logs and figures: what kind of reply it is, where a call has several."""
    name = type(reply).__name__
    return name if name.endswith("Reply") else "Success"
