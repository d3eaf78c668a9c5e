"""All rules over all that there is to check, in the order a person mends it."""

from collections.abc import Iterator

from funnel.check import (
    asset_rules,
    contrast_rules,
    form_rules,
    funnel_rules,
    honesty_rules,
    switched_off,
    template_rules,
    word_rules,
)
from funnel.check.finding import Finding, in_order
from funnel.check.subject import Rule, RuleOfAll, Subject, Template

OF_TEMPLATES: tuple[Rule, ...] = (*template_rules.RULES, *form_rules.RULES, *asset_rules.RULES, *honesty_rules.RULES)
OF_ALL: tuple[RuleOfAll, ...] = (
    *funnel_rules.RULES,
    *word_rules.RULES,
    *contrast_rules.RULES,
    asset_rules.of_files,
    asset_rules.of_legal_links,
    honesty_rules.of_copy,
)


def findings(subject: Subject) -> list[Finding]:
    """Without the CRM, and without what settings that cannot be read would tell."""
    found = [each for template in subject.templates for each in switched_off.wanted(template, _of(subject, template))]
    found += [each for rule in OF_ALL for each in rule(subject)]
    return list(in_order(found))


def _of(subject: Subject, template: Template) -> Iterator[Finding]:
    for rule in OF_TEMPLATES:
        yield from rule(subject, template)
