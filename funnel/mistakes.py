"""How a mistake in the settings is told: file, key, what was found, what is allowed."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

LOGIN = re.compile("://.*@")  # in an address, mostly with a password


class ConfigError(Exception):
    """The program cannot start; the text lists every mistake, a line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def tell(error: ValidationError, *, file: str, model: type[BaseModel], given: Mapping[str, Any]) -> list[str]:
    """One line a mistake, in the order the file's keys are checked."""
    return [line for problem in error.errors(include_input=False) for line in _lines(problem, file, model, given)]


def _lines(problem: Any, file: str, model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[str]:
    if not problem["loc"]:
        for line in str(problem["ctx"]["error"]).splitlines():
            yield f"{file}: {line}"
        return
    loc = problem["loc"][:-1] if problem["loc"][-1] == "[key]" else problem["loc"]
    yield f"{file}: {'.'.join(str(part) for part in loc)}: {_sentence(problem, loc, model, given)}"


def _sentence(problem: Any, loc: tuple[Any, ...], model: type[BaseModel], given: Mapping[str, Any]) -> str:
    siblings, field = _field(model, loc)
    if problem["type"] == "extra_forbidden":
        return f"there is no such key{nearest(str(loc[-1]), siblings)}; allowed: {', '.join(siblings)}"
    if problem["type"] == "missing":
        return f"is missing; needed: {field}"
    allowed = field if field and problem["type"] != "literal_error" else problem["msg"].removeprefix("Input should be ")
    found = _found(given, loc)
    return f"found {_shown(found, loc)}{_nearest_literal(problem, found)}; allowed: {allowed}"


def _field(model: type[BaseModel], loc: tuple[Any, ...]) -> tuple[list[str], str]:
    """The keys a mistake could have meant, and the description of the one it stands at."""
    current: Any = model
    siblings: list[str] = []
    description = ""
    for part in loc:
        fields = {info.alias or name: info for name, info in getattr(current, "model_fields", {}).items()}
        if part in fields:
            siblings, description = list(fields), fields[part].description or ""
            current = _inner_model(fields[part].annotation)
        elif isinstance(part, str) and fields:
            siblings = list(fields)
    return siblings, description


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_inner_model(argument) for argument in getattr(annotation, "__args__", ())]
    return next((found for found in inner if found is not None), None)


def _found(given: Any, loc: tuple[Any, ...]) -> Any:
    for part in loc:
        try:
            given = given[part]
        except (KeyError, IndexError, TypeError):
            return given
    return given


def _shown(found: Any, loc: tuple[Any, ...]) -> str:
    secret = any(word in str(loc[-1]) for word in ("SECRET", "PASSWORD", "TOKEN")) or LOGIN.search(str(found))
    return "a value that is not shown" if secret else repr(found)


def nearest(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _nearest_literal(problem: Any, found: Any) -> str:
    if problem["type"] != "literal_error" or not isinstance(found, str):
        return ""
    return nearest(found, problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "))
