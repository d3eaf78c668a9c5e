"""What must not stand in a slot: what the pages' policy would keep out, and on checkout what nobody has approved."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from funnel import inventory
from funnel.campaign.tables import Slots
from funnel.folders import Folders
from funnel.slots.slot_markup import Tag, tags, unclosed
from funnel.slots.slots import CARD_PAGE, FOLDER, PLACES, files, known

LOADS = ("img", "iframe")


def mistakes(table: Slots, folders: Folders) -> list[str]:
    """One line each, in words: the file, its line, and what to do."""
    found = {file: path for file in known() if (path := _first(folders, file))}
    return [
        *_misnamed(folders),
        *(f"{file}:{line}" for file, path in found.items() for line in _in_markup(path.read_text("utf-8"), table)),
        *(_unapproved(found, folders) if table.checkout else ()),
    ]


def _first(folders: Folders, file: str) -> Path | None:
    return next((path for folder in folders.templates if (path := folder / file).is_file()), None)


def _misnamed(folders: Folders) -> Iterator[str]:
    names = list(known())
    for folder in folders.templates:
        for path in sorted((folder / FOLDER).glob("*")):
            if (file := f"{FOLDER}/{path.name}") not in names:
                close = get_close_matches(file, names, n=1)
                hint = f' (did you mean "{close[0]}"?)' if close else ""
                yield f"{file}: there is no such slot{hint}; allowed: {', '.join(names)}"


def _in_markup(text: str, table: Slots) -> Iterator[str]:
    for tag in unclosed(text):
        yield f"{tag.line}: <{tag.name}> has no end; needed: </{tag.name}>"
    for tag in tags(text):
        for name in tag.attributes:
            if name.startswith("on"):
                yield f"{tag.line}: {name} on <{tag.name}> is kept out by the pages' policy; use a <script> instead"
        if (origin := _foreign(tag)) and not _listed(origin, table.hosts):
            yield f'{tag.line}: <{tag.name}> loads from {origin}; list "{origin}" in hosts of [slots] in funnel.toml'


def _foreign(tag: Tag) -> str | None:
    try:
        url = urlsplit(tag.attributes.get("src", ""))
    except ValueError:
        return None
    return f"{url.scheme or 'https'}://{url.netloc}" if tag.name in LOADS and url.netloc else None


def _listed(origin: str, hosts: tuple[str, ...]) -> bool:
    return any(origin == host or ((each := host.partition("*"))[1] and origin.endswith(each[2])) for host in hosts)


def _unapproved(found: dict[str, Path], folders: Folders) -> Iterator[str]:
    """PCI DSS 6.4.3: each script of a page with a card form is authorised, unchanged, and there for a reason."""
    approved = {script.name: script.sha384 for script in inventory.of(folders)}
    for file in sorted({file for place in PLACES for file in files(CARD_PAGE, place)} & found.keys()):
        if approved.get(file) != (now := inventory.sha384(found[file].read_bytes())):
            said = "is not the file that was approved" if file in approved else "is not listed"
            needed = f'needed: [[script]] with name, why and sha384 = "{now}"'
            yield f"{inventory.FILE}: {file} is shown on checkout and {said}; {needed}"
