"""Every text that a page can show: found in the templates, in Python, and in funnel.toml."""

from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract

from funnel.campaign import copy_table
from funnel.campaign.campaign import Campaign
from funnel.folders import Folders
from funnel.language import catalogue
from funnel.language.catalogue import Gap

KEYWORDS = {**DEFAULT_KEYWORDS, "phrase": None}  # None: the first argument is the text
COMMENTS = ("Translators:",)
TEMPLATE_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
NOT_SHOWN = ("sandbox", "commands", "migrations")  # folders that speak to developers and operators
FILE_KEYS = ("image", "icon", "url", "href", "key")  # in [copy]: addresses, which no language changes


def lacking(locale: Locale, folders: Folders) -> list[Gap]:
    """What a language has no words for, in the templates of both folders and in what Python says.

    The words of funnel.toml are the merchant's own, in whatever language they are written.
    """
    return catalogue.gaps(locale, folders.locale, of_pages(folders))


def of_pages(folders: Folders) -> Catalog:
    """Raises TemplateSyntaxError for a template that cannot be read."""
    found = Catalog()
    for folder in reversed(folders.templates):
        for file in sorted(folder.glob("**/*.html")):
            _add(found, file, f"templates/{file.relative_to(folder).as_posix()}", "jinja2")
    for file in sorted((folders.shipped / "funnel").glob("**/*.py")):
        place = file.relative_to(folders.shipped)
        if place.parts[1] not in NOT_SHOWN:
            _add(found, file, place.as_posix(), "python")
    return found


def of_shop(campaign: Campaign) -> Catalog:
    """The words that stand in funnel.toml."""
    found = Catalog()
    for place, text in _told(campaign):
        found.add(text, locations=[(f"funnel.toml:{place}", 0)])
    return found


def _add(found: Catalog, file: Path, place: str, method: str) -> None:
    with file.open("rb") as lines:
        for line, text, comments, _ in extract(method, lines, KEYWORDS, COMMENTS, TEMPLATE_OPTIONS):
            if text:
                found.add(text, locations=[(place, line)], auto_comments=comments)


def _told(campaign: Campaign) -> Iterator[tuple[str, str]]:
    for key, offer in campaign.offers.items():
        yield from _named(f"offers.{key}", offer.name, offer.description)
        yield from ((f"offers.{key}.variants", variant.name) for variant in offer.variants)
        yield from ((f"offers.{key}.points", point) for point in offer.points)
    for key, bundle in campaign.bundles.items():
        yield from _named(f"bundles.{key}", bundle.name, bundle.description)
    yield from (("shipping", method.name) for method in campaign.shipping)
    yield from (("legal", link.label) for link in campaign.legal)
    if campaign.capture.consent:
        yield "capture.consent", campaign.capture.consent
    for place, text in copy_table.parts(campaign.copy_table):
        if isinstance(text, str) and text and place.rpartition(".")[2] not in FILE_KEYS:
            yield place, text


def _named(place: str, name: str, description: str | None) -> Iterator[tuple[str, str]]:
    yield f"{place}.name", name
    if description:
        yield f"{place}.description", description
