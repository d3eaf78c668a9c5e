"""A slip in the name of a common mail service, and the address that was likely meant; a question, never a mistake."""

COMMON = (
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "comcast.net",
    "googlemail.com",
    "protonmail.com",
    "hotmail.co.uk",
    "yahoo.co.uk",
)
NO_SLIPS = ("ymail.com", "email.com", "mail.com", "hotmail.co", "yahoo.co.jp", "yahoo.co.in")  # near, but real


def likely_domain(address: str) -> str | None:
    """The common domain that one slip of a finger turns into the address's own; None where there is none."""
    typed = address.rpartition("@")[2].lower()
    if not typed or typed in COMMON or typed in NO_SLIPS:
        return None
    return next((domain for domain in COMMON if one_slip(typed, domain)), None)


def with_domain(address: str, domain: str) -> str:
    return f"{address.rpartition('@')[0]}@{domain}"


def one_slip(typed: str, meant: str) -> bool:
    """One sign missing, too many or another, or two that changed places."""
    start = _shared(typed, meant)
    end = _shared(typed[start:][::-1], meant[start:][::-1])
    typed, meant = typed[start : len(typed) - end], meant[start : len(meant) - end]
    return max(len(typed), len(meant)) == 1 or (len(typed) == 2 and typed == meant[::-1])


def _shared(one: str, other: str) -> int:
    """How many signs both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
