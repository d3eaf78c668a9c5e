"""The scripts of the pages that take a card, each with its digest and the reason why it is there (PCI DSS 6.4.3)."""

import tomllib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha384 as digest_of
from pathlib import Path

from funnel.folders import Folders

FILE = "payment_scripts.toml"


@dataclass(frozen=True)
class Script:
    """`name` is a path in static/, or a slot's file; `sha384` is written as in an integrity attribute."""

    name: str
    sha384: str
    why: str


def of(folders: Folders) -> tuple[Script, ...]:
    """The shipped list and the merchant's own, which stands in the theme's folder. Raises ValueError."""
    lists = (folder / FILE for folder in (folders.shipped, folders.own) if folder)
    return tuple(script for file in lists if file.is_file() for script in _read(file))


def sha384(content: bytes) -> str:
    """As in an integrity attribute."""
    return f"sha384-{b64encode(digest_of(content).digest()).decode()}"


def _read(file: Path) -> list[Script]:
    try:
        return [Script(**each) for each in tomllib.loads(file.read_text("utf-8-sig"))["script"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file.name}: needs [[script]] tables with name, sha384 and why ({error})") from None
