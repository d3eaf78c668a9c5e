"""What a checkout shows of the CRM's fraud check: the frames and pictures in its markup, from known places only."""

from collections.abc import Collection
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Pixel:
    """Addresses, to be put into markup of our own."""

    frames: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()


def read_pixel(markup: str, origins: Collection[str]) -> Pixel:
    """A picture inside a frame is for browsers without frames, and left out."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return Pixel(
        frames=tuple(url for url in reader.frames if _origin(url) in origins),
        pictures=tuple(url for url in reader.pictures if _origin(url) in origins),
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.pictures: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") or ""
        if tag == "iframe":
            self._inside = True
            self.frames.append(source)
        elif tag == "img" and not self._inside:
            self.pictures.append(source)

    def handle_endtag(self, tag: str) -> None:
        if tag == "iframe":
            self._inside = False


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()
