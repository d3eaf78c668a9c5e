"""What a page loads and where it leads: nothing that the browser refuses, nothing that is not there."""

import re
from collections.abc import Iterator

from werkzeug.exceptions import HTTPException, MethodNotAllowed

from funnel.check.finding import Finding, finding
from funnel.check.markup import REMOTE, Element, is_written
from funnel.check.subject import Rule, Subject, Template, shown

LOADS = {"script": "src", "img": "src", "source": "srcset", "iframe": "src", "video": "src", "audio": "src"}
LOADING_LINKS = ("stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest")
DATA = ("application/json", "application/ld+json")  # is not run
CSS_REMOTE = re.compile(r"""(?:@import\s+|url\()\s*(?:url\()?\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
SLOTS = "slots/"  # scripts there are given their nonce as they are drawn, and hosts are listed in funnel.toml
PICTURES = (".avif", ".webp", ".jpg", ".jpeg", ".png", ".gif", ".svg")
BIGGEST_PICTURE = 300 * 1024  # bytes: some two seconds on a slow phone
HOST = "localhost"  # any will do: the routes ask for none


def inline_script(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        runs = each.tag == "script" and each.attributes.get("type") not in DATA
        if runs and "src" not in each.attributes and "nonce" not in each.attributes and not _slot(template):
            yield template.at("inline-script", each.line, 'browsers run no script here without nonce="{{ nonce }}"')


def inline_handler(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        for name in each.attributes:
            if name.startswith("on") and name.isalpha():
                yield template.at("inline-handler", each.line, f"browsers ignore {name} here; use a file in static/js")
        if each.attributes.get("href", "").strip().lower().startswith("javascript:"):
            yield template.at("inline-handler", each.line, "browsers ignore javascript: here; use a file in static/js")


def inline_style(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        if "style" in each.attributes:
            yield template.at("inline-style", each.line, "browsers ignore style here; give it a class of css/theme.css")
        known = "theme_style" in each.inner or "nonce" in each.attributes or _slot(template)
        if each.tag == "style" and not known:
            yield template.at("inline-style", each.line, "browsers ignore this; write it into css/theme.css")


def remote_asset(_subject: Subject, template: Template) -> Iterator[Finding]:
    why = "a page that takes cards loads nothing from elsewhere" if template.takes_cards else "browsers do not load it"
    for each in template.elements if not _slot(template) else ():
        for address in _loaded(each):
            if REMOTE.match(address):
                yield template.at("remote-asset", each.line, f"{address}: {why}; put a copy into static/")


def missing_file(subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        for address in _loaded(each):
            if not is_written(address) and not REMOTE.match(address) and not _there(subject, address):
                yield template.at("missing-file", each.line, f"{address}: there is no such file in static/")


def image_without_alt(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        if each.tag == "img" and "alt" not in each.attributes and not each.computed:
            yield template.at(
                "image-without-alt", each.line, 'say what it shows in alt="…", or alt="" where it only decorates'
            )


def image_without_size(_subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        missing = [name for name in ("width", "height") if name not in each.attributes]
        if each.tag == "img" and missing and not each.computed:
            yield template.at(
                "image-without-size", each.line, f"without {' and '.join(missing)} the page jumps as it loads"
            )


def broken_link(subject: Subject, template: Template) -> Iterator[Finding]:
    for each in template.elements:
        for name in ("href", "action", "formaction"):
            target = each.attributes.get(name, "")
            if each.tag in ("a", "form", "button") and _leads_nowhere(subject, target):
                yield template.at("broken-link", each.line, f"{target}: the funnel has no such page")


RULES: tuple[Rule, ...] = (
    inline_script,
    inline_handler,
    inline_style,
    remote_asset,
    missing_file,
    image_without_alt,
    image_without_size,
    broken_link,
)


def of_files(subject: Subject) -> Iterator[Finding]:
    """What style sheets fetch from elsewhere, and pictures too heavy for a phone."""
    for folder in subject.folders.static:
        for file in sorted(folder.rglob("*")):
            if file.suffix == ".css":
                for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                    for address in CSS_REMOTE.findall(line):
                        yield finding("remote-asset", shown(file), number, f"{address}: browsers do not load it")
            elif file.suffix in PICTURES and file.stat().st_size > BIGGEST_PICTURE:
                size, most = file.stat().st_size // 1024, BIGGEST_PICTURE // 1024
                yield finding(
                    "oversize-picture", shown(file), None, f"{size} KB; at most {most} KB load well on a phone"
                )


def of_legal_links(subject: Subject) -> Iterator[Finding]:
    for number, link in enumerate(subject.settings.campaign.legal):
        if _leads_nowhere(subject, link.url):
            yield subject.at("broken-link", f"legal.{number}.url", f"{link.url}: the funnel has no such page")


def _slot(template: Template) -> bool:
    return template.name.startswith(SLOTS)


def _loaded(element: Element) -> list[str]:
    attributes = element.attributes
    if element.tag == "link":
        wanted = any(kind in attributes.get("rel", "").split() for kind in LOADING_LINKS)
        return [attributes.get("href", "")] if wanted else []
    address = attributes.get(LOADS.get(element.tag, ""), "")
    return [part.split()[0] for part in address.split(",") if part.strip()] if element.tag == "source" else [address]


def _there(subject: Subject, address: str) -> bool:
    path = _path(address)
    if not path or path.startswith(("data:", "blob:")):
        return True
    return path.startswith("/") and not _leads_nowhere(subject, path)


def _leads_nowhere(subject: Subject, target: str) -> bool:
    path = _path(target)
    if not path.startswith("/") or path.startswith("//") or is_written(target):
        return False
    if path.startswith("/static/"):
        return subject.folders.find(path.removeprefix("/static/")) is None
    try:
        subject.routes.bind(HOST).match(path)
    except MethodNotAllowed:
        return False
    except HTTPException as found:
        return found.code == 404
    return False


def _path(address: str) -> str:
    return address.partition("?")[0].partition("#")[0].strip()
