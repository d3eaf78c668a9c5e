"""Sets switches from what somebody posted, or says in words why not."""

from collections.abc import Mapping
from dataclasses import Field, fields, replace
from typing import Any

from funnel.sandbox.switches import Switches

TRUE_WORDS = ("1", "true", "on", "yes")
FALSE_WORDS = ("0", "false", "off", "no")
LONGEST = 1_000_000  # in the switch's own unit; keeps a sleeping thread's time a sane number


def changed(switches: Switches, given: Mapping[str, object]) -> Switches:
    """These switches with the given ones set. Raises ValueError, in words, for an unknown name or value."""
    known = {each.name: each for each in fields(Switches)}
    for name in given:
        if name not in known:
            raise ValueError(f"there is no switch {name!r}; there are {', '.join(known)}")
    values: dict[str, Any] = {name: understood(known[name], value) for name, value in given.items()}
    return replace(switches, **values)


def understood(switch: Field[Any], value: object) -> str | bool | float:
    text = str(value).strip()
    if isinstance(switch.default, bool):
        return truth(switch.name, text)
    if isinstance(switch.default, str):
        return one_of(switch.name, text, switch.metadata["choices"])
    return seconds_or_minutes(switch.name, text)


def truth(name: str, text: str) -> bool:
    if text.lower() not in TRUE_WORDS + FALSE_WORDS:
        raise ValueError(f"{name} is true or false, not {text!r}")
    return text.lower() in TRUE_WORDS


def one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {text!r}")
    return text


def seconds_or_minutes(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= LONGEST:
        raise ValueError(f"{name} is a number from 0 to {LONGEST}, not {text!r}")
    return value
