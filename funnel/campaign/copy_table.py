"""The words of the pages: the [copy] table of funnel.toml, with names, lists and tables as a marketer likes."""

from collections.abc import Iterator
from typing import Any

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


def mistakes(copy: dict[str, Any]) -> Iterator[str]:
    for place, value in parts(copy):
        if not isinstance(value, str | dict | list | bool | int):
            yield f"{place}: found {value!r}; allowed: a text in quotes"
        if place != "copy" and place.rpartition(".")[2] in TAKEN:
            yield f"{place}: templates cannot reach this name; allowed: another one"
