"""The words of the pages: the [copy] table of funnel.toml, with names, lists and tables as a marketer likes."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator

from funnel.campaign_values import Key

RULE = 'a [copy] table of texts, and of lists and tables of texts, like headline = "Light the desk"'
TAKEN = frozenset(dir(dict))  # a template would find the table's own method under such a name


def parts(value: Any, place: str = "copy") -> Iterator[tuple[str, Any]]:
    """Every value in the table, whatever it stands in, with its place, like copy.benefits.0.title."""
    yield place, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from parts(each, f"{place}.{name}")


def pictures(copy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The place and the path of every picture: what is named `image`."""
    return ((place, value) for place, value in parts(copy) if place.endswith(".image"))


def _readable(copy: dict[str, Any]) -> dict[str, Any]:
    for place, value in parts(copy):
        if not isinstance(value, str | dict | list | bool | int):
            raise ValueError(f"{place} must be a text")
        if place.rpartition(".")[2] in TAKEN and place != "copy":
            raise ValueError(f"{place} needs another name, for templates cannot reach this one")
    return copy


Copy = Annotated[dict[Key, Any], AfterValidator(_readable)]
