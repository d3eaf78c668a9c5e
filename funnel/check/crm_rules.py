"""funnel.toml against the campaign in the CRM, and what the API user may ask."""

from collections.abc import Iterator

from funnel.check.finding import Finding, finding
from funnel.check.subject import Subject
from funnel.crm.errors import CrmError, Kind, NotSent, Refused
from funnel.permissions import CHANGES, Permissions, Tried
from funnel.prices import Prices

WHERE = "Konnektive"
NOT_COMPARED = "nothing was compared"
WHAT_TO_DO = "look at the API user's id, password, allowed addresses (IP whitelist) and permissions in Konnektive"


def findings(subject: Subject, prices: Prices, permissions: Permissions) -> Iterator[Finding]:
    """A CRM that cannot be reached is told as a note."""
    try:
        for line in prices.differences():
            key, _, said = line.partition(": ")
            yield subject.at("campaign", key, f"{key}: {said}")
    except CrmError as error:
        yield _not_compared(subject.settings.crm_url, error)
        if not isinstance(error, Refused):
            return
    for tried in permissions.tried():
        yield from _refusal(tried)
    yield finding("not-asked", WHERE, None, f"whether {', '.join(CHANGES)} are allowed shows only as shoppers come")


def unreachable(found: list[Finding]) -> bool:
    """Whether nothing could be compared."""
    return any(each.rule == "not-asked" and NOT_COMPARED in each.message for each in found)


def _not_compared(url: str, error: CrmError) -> Finding:
    asked = "did not answer" if isinstance(error, NotSent) else "could not be asked"
    return finding("not-asked", WHERE, None, f"{url} {asked} ({error}), so {NOT_COMPARED}")


def _refusal(tried: Tried) -> Iterator[Finding]:
    if isinstance(tried.error, Refused):
        why = "the credentials" if tried.error.kind is Kind.AUTH else "the call"
        yield finding("credentials", WHERE, None, f"{tried.call}: it refuses {why}; {WHAT_TO_DO}")
    elif tried.error:
        yield finding("not-asked", WHERE, None, f"{tried.call}: {tried.error}")
