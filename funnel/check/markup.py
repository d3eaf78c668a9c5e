"""The elements of a page or of a template, with their lines; what Jinja will write is kept apart."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# The private area of Unicode: what stands in {{ }} goes there, so that no quote in it ends an attribute.
WRITTEN = 0xE000
REMOTE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)  # an address of somebody else
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
CONDITIONAL = re.compile(r"\{%-?\s*if\b.*?\{%-?\s*endif\s*-?%\}", re.DOTALL)


@dataclass(eq=False)
class Element:
    """`raw` is its start tag as it stands in the file, `inner` all that stands between its tags."""

    tag: str
    attributes: dict[str, str]
    line: int
    raw: str
    parent: "Element | None"
    inner: str = field(default="", init=False)

    @property
    def computed(self) -> bool:
        """Whether Jinja writes attributes of it that cannot be known here."""
        return any(is_written(name) for name in self.attributes)

    @property
    def text(self) -> str:
        """Its words, those in {{ _("…") }} too."""
        return " ".join(re.sub(r"<[^>]*>|\{#.*?#\}|\{%.*?%\}", " ", self.inner).split())

    @cached_property
    def always(self) -> str:
        """Its start tag without what depends on a condition."""
        return CONDITIONAL.sub(" ", self.raw)

    def inside(self, tag: str) -> "Element | None":
        around = self.parent
        while around and around.tag != tag:
            around = around.parent
        return around


def elements_of(text: str) -> tuple[Element, ...]:
    """In the order they stand. A page that is drawn has no Jinja in it, and is read just so."""
    reader = _Reader(text)
    reader.feed(JINJA.sub(lambda found: _hidden(found[0]), text))
    reader.close()
    return tuple(reader.found)


def is_written(text: str) -> bool:
    """Whether Jinja writes it, or a part of it."""
    return any(WRITTEN <= ord(letter) < WRITTEN + 0x1000 for letter in text)


def _hidden(found: str) -> str:
    """As long as before, with its line ends, so that all that follows keeps its place."""
    if not found.startswith("{{"):
        return re.sub(r"[^\n]", " ", found)
    return "".join(letter if letter == "\n" else chr(WRITTEN + ord(letter) % 0x1000) for letter in found)


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Element] = []
        self._text = text
        self._starts = [0, *(at.end() for at in re.finditer("\n", text))]
        self._open: list[tuple[Element, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start, length = self._at(), len(self.get_starttag_text() or "")
        parent = self._open[-1][0] if self._open else None
        element = Element(
            tag,
            {name: value or "" for name, value in attrs},
            self.getpos()[0],
            self._text[start : start + length],
            parent,
        )
        self.found.append(element)
        if tag not in VOID:
            self._open.append((element, start + length))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in (element.tag for element, _ in self._open):
            return
        while self._open:
            element, begins = self._open.pop()
            element.inner = self._text[begins : self._at()]
            if element.tag == tag:
                return

    def close(self) -> None:
        super().close()
        for element, begins in self._open:
            element.inner = self._text[begins:]

    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column
