"""Addresses of static files with their content's hash in them, so that browsers may keep them for a year."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path

import imagesize

from funnel.folders import Folders
from funnel.inventory import sha384

DIGEST_BYTES = 6
DIGESTS_KEPT = 1024
BETTER = ("avif", "webp")  # the lightest first; browsers take the first one they know
STYLES = ("css/funnel.css", "css/theme.css")  # the second one is a theme's own, where it has one


@dataclass(frozen=True)
class Picture:
    """Sizes are those of the file, in CSS pixels. `sources` are pairs of a type and what `srcset` says."""

    src: str
    width: int
    height: int
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Assets:
    """`url` is the address of the static files."""

    folders: Folders
    url: str

    def address(self, path: str) -> str:
        """Raises LookupError for what is in no folder."""
        return self._of(path, self._file(path))

    def integrity(self, path: str) -> str:
        """For the attribute of this name: a browser runs nothing else than this very file."""
        return _integrity(file := self._file(path), file.stat().st_mtime)

    def picture(self, path: str) -> Picture:
        """With the lighter copies beside it: those of img/desk.jpg are img/desk.avif, img/desk-480.webp and so on."""
        file = self._file(path)
        width, height = _size(file)
        sources = ((f"image/{kind}", self._copies(path, file, kind)) for kind in BETTER if file.suffix != f".{kind}")
        return Picture(self._of(path, file), width, height, tuple(each for each in sources if each[1]))

    def styles(self) -> tuple[str, ...]:
        return tuple(self._of(path, file) for path in STYLES if (file := self.folders.find(path)))

    def globals(self, *, changing: bool) -> dict[str, Callable[..., object]]:
        """What templates call. Where files do not change, each is looked at once."""
        kept = (lambda function: function) if changing else cache
        return {
            "asset": kept(self.address),
            "integrity": kept(self.integrity),
            "picture_of": kept(self.picture),
            "styles": kept(self.styles),
        }

    def _file(self, path: str) -> Path:
        file = self.folders.find(path)
        if file is None:
            raise LookupError(f"there is no file {path} in static/")
        return file

    def _of(self, path: str, file: Path) -> str:
        return f"{self.url}/{path}?v={_digest(file, file.stat().st_mtime)}"

    def _copies(self, path: str, file: Path, kind: str) -> str:
        folder, stem = path.rpartition("/")[0], file.stem
        found = sorted((*file.parent.glob(f"{stem}.{kind}"), *file.parent.glob(f"{stem}-[0-9]*.{kind}")), key=_size)
        return ", ".join(f"{self._of(f'{folder}/{each.name}', each)} {_size(each)[0]}w" for each in found)


@lru_cache(DIGESTS_KEPT)
def _digest(file: Path, _changed: float) -> str:
    return blake2b(file.read_bytes(), digest_size=DIGEST_BYTES).hexdigest()


@lru_cache(DIGESTS_KEPT)
def _integrity(file: Path, _changed: float) -> str:
    return sha384(file.read_bytes())


def _size(file: Path) -> tuple[int, int]:
    width, height = imagesize.get(str(file))
    return round(width), round(height)
