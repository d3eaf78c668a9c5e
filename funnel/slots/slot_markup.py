"""The markup of a slot, read by a parser: where its scripts and styles begin, and what its tags say."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

WITH_NONCE = ("script", "style")


@dataclass(frozen=True)
class Tag:
    """`line` counts from 1; `at` is the place in the text behind the tag's name."""

    name: str
    attributes: dict[str, str]
    line: int
    at: int


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[Tag] = []
        self.open: list[Tag] = []
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        at = self._starts[line - 1] + column + len("<") + len(tag)
        found = Tag(tag, {name: value or "" for name, value in attrs}, line, at)
        self.tags.append(found)
        if tag in WITH_NONCE:
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1].name == tag:
            self.open.pop()


def tags(text: str) -> list[Tag]:
    return _Reader(text).tags


def unclosed(text: str) -> Iterator[Tag]:
    """Scripts and styles without an end would swallow the page behind them."""
    yield from _Reader(text).open


def with_nonce(text: str, nonce: str) -> str:
    """Every script and style that has none gets this one; what stands inside of a script is left alone."""
    for tag in reversed(tags(text)):
        if tag.name in WITH_NONCE and "nonce" not in tag.attributes:
            text = f'{text[: tag.at]} nonce="{nonce}"{text[tag.at :]}'
    return text
