"""The funnel as a whole: its pages lead on to each other, the law's links are there, and nothing stands unused."""

import re
from collections.abc import Iterator

from funnel.check.finding import Finding
from funnel.check.subject import RuleOfAll, Subject
from funnel.steps import PATHS

OF_AN_OFFER = re.compile(r"pages/upsell-([\w-]+)\.html")
LEGAL = {
    "terms": re.compile(r"terms|conditions|t[eé]rminos|condiciones|\btos\b", re.IGNORECASE),
    "privacy": re.compile(r"privacy|privacidad|data protection", re.IGNORECASE),
    "refunds": re.compile(r"refund|return|money.back|reembolso|devoluci", re.IGNORECASE),
}


def legal_links(subject: Subject) -> Iterator[Finding]:
    links = [f"{link.label} {link.url}" for link in subject.settings.campaign.legal]
    for wanted, words in LEGAL.items():
        if not any(words.search(link) for link in links):
            yield subject.at("missing-legal-link", "legal", f"no [[legal]] link leads to the {wanted}")


def next_pages(subject: Subject) -> Iterator[Finding]:
    """Every step has an address and a template."""
    for step in subject.settings.campaign.steps:
        name = f"pages/{re.sub(r'[0-9]|-', '', step)}.html"
        if subject.named(name) is None:
            yield subject.at("missing-template", "steps", f"the step {step} has no template {name}")
        if step not in PATHS:
            yield subject.at("broken-link", "steps", f"the step {step} has no address")


def unused_pages(subject: Subject) -> Iterator[Finding]:
    campaign = subject.settings.campaign
    for number in range(1, 5):
        if getattr(campaign, f"upsell{number}") and f"upsell{number}" not in campaign.steps:
            yield subject.at("unused-page", f"upsell{number}", "not in steps, so nobody sees it")
    for template in subject.templates:
        slug = OF_AN_OFFER.fullmatch(template.name)
        if slug and slug[1] not in campaign.sold_after:
            yield template.at("unused-page", None, f'no upsell in steps offers "{slug[1]}", so nobody sees it')


RULES: tuple[RuleOfAll, ...] = (legal_links, next_pages, unused_pages)
