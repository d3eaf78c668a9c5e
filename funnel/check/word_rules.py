"""Words that the funnel's language lacks, told where they stand."""

from collections.abc import Iterator

from babel import Locale

from funnel.check.finding import Finding, finding
from funnel.check.subject import RuleOfAll, Subject, shown
from funnel.language import catalogue, texts


def missing_translations(subject: Subject) -> Iterator[Finding]:
    """Of a template that cannot be read, the rule of its syntax tells."""
    tag = subject.settings.campaign.language
    locale = Locale.parse(tag, sep="-")
    if locale.language == catalogue.SOURCE or any(template.broken for template in subject.templates):
        return
    if not catalogue.is_known(locale, subject.folders.locale):
        yield subject.at(
            "missing-translation", "language", f'there is no catalogue of "{tag}" in locale/, so the pages are English'
        )
        return
    for gap in texts.lacking(locale, subject.folders):
        yield _told(subject, gap, f"“{gap.text}” {gap.why} in “{tag}”")


def _told(subject: Subject, gap: catalogue.Gap, message: str) -> Finding:
    """At its line in the catalogue, or in the first template that has it; what Python says has no line of theirs."""
    if gap.file:
        return finding("missing-translation", shown(gap.file), gap.line, message)
    for template in subject.templates:
        if gap.text in template.text:
            line = template.text[: template.text.index(gap.text)].count("\n") + 1
            return template.at("missing-translation", line, message)
    return subject.at("missing-translation", "language", message)


RULES: tuple[RuleOfAll, ...] = (missing_translations,)
