"""The countries and states there are to choose from, and what stands for each of them in a form."""

from functools import cache

from funnel.forms.fields import Groups
from funnel.forms.regions import Region, region


@cache
def country_groups(countries: tuple[str, ...]) -> Groups:
    return (("", tuple((code, region(code).name) for code in countries)),)


@cache
def state_groups(countries: tuple[str, ...]) -> Groups:
    """Grouped by country where there are several; empty where no country has states to choose from."""
    regions = [found for code in countries if (found := region(code)).states]
    return tuple(
        (
            found.name if len(countries) > 1 else "",
            tuple((option_value(code, found, countries), name) for code, name in found.states),
        )
        for found in regions
    )


def option_value(code: str, found: Region, countries: tuple[str, ...]) -> str:
    """Among several countries the value names its own, as AL is both Alabama and Alessandria."""
    return f"{found.code}-{code}" if len(countries) > 1 and code in dict(found.states) else code


def state_code(value: str, found: Region) -> str:
    return value.removeprefix(f"{found.code}-")
