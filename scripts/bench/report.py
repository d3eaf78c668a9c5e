"""The tables and the goals, in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from draining import Moment
from generator import Figures
from pages import BOTH, MANY, NAIVE_SLOWER, WEATHERS, Cell
from stage import CALM, HANGING, SLOW, Weather

WORST_PSS = 60.0  # MiB
SLOWEST_START = 2.0  # seconds
COLUMNS = [(number, who, who == "returning") for number in (1, MANY) for who in BOTH]
PAUSED = Cell("funnel", "presell", SLOW, MANY, paused=True)


@dataclass(frozen=True)
class Goal:
    """A figure and its bound, which it must not exceed or, without `at_most`, must reach."""

    words: str
    found: float
    bound: float
    unit: str = ""
    at_most: bool = False

    def line(self) -> str:
        met = self.found <= self.bound if self.at_most else self.found >= self.bound
        sign = "≤" if self.at_most else "≥"
        found = f"{self.found:.2f}{self.unit}"
        return f"{'met   ' if met else 'MISSED'}  {self.words:<72}{found:>12}   {sign} {self.bound:g}{self.unit}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(f"{part:<{width}}" for part, width in zip(line, widths, strict=True)) for line in lines)


def presell(seen: dict[Cell, Figures]) -> str:
    """Of requests a second and p50/p99 in ms, as the lead's."""
    heads = ["presell: requests/s, p50/p99 in ms", *(f"{_connections(number)}, {who}" for number, who, _ in COLUMNS)]
    rows = [[f"the funnel, CRM {weather.name}", *_four(seen, "funnel", weather)] for weather in WEATHERS]
    for weather in (CALM, SLOW):
        rows.append([f"Flask, session and CSRF ({weather.name})", *_four(seen, "session", weather)])
        plain = [_shown(seen[Cell("plain", "presell", weather, number)]) for number in (1, MANY)]
        rows.append([f"bare Flask ({weather.name})", plain[0], "", plain[1], ""])
    rows.append(["the funnel, CRM 300 ms, relay stopped", "", "", _shown(seen[PAUSED]), ""])
    for cell in (_naive(CALM), _naive(SLOW), NAIVE_SLOWER):
        rows.append([f"naive, CRM call in the view, CRM {cell.weather.name}", "", "", _shown(seen[cell]), ""])
    return table(heads, rows)


def lead(seen: dict[Cell, Figures]) -> str:
    heads = ["lead", *(f"{_connections(MANY)}, {who}" for who in BOTH)]
    rows = [[f"the funnel, CRM {weather.name}", *_two(seen, "funnel", weather)] for weather in (CALM, SLOW, HANGING)]
    return table(heads, [*rows, ["Flask, session and CSRF", *_two(seen, "session", SLOW)]])


def draining(rates: dict[int, float], shipped: int) -> str:
    rows = []
    for count, rate in rates.items():
        name = f"{count} (as shipped)" if count == shipped else f"{count}"
        rows.append([name, f"{rate:.0f}", f"{rate * SLOW.seconds / count:.2f}"])
    return table([f"calls at a time, CRM {SLOW.name}", "clicks/s", f"of what {SLOW.name} allow"], rows)


def burst(figures: Figures, moments: Sequence[Moment]) -> str:
    views = f"{figures.rate:.0f} views/s (p50 {figures.p50:.0f} ms, p99 {figures.p99:.0f} ms)"
    shown = [moment for number, moment in enumerate(moments) if number < 8 or number % 4 == 0 or moment is moments[-1]]
    owed = "  ".join(f"{moment.at:.0f}: {moment.backlog}" for moment in shown)
    return f"a burst of {views}: owed, by second\n{owed}"


def weights(seen: dict[str, list[float]], start: float) -> str:
    rows = [[name, ", ".join(f"{each:.0f}" for each in all_of)] for name, all_of in seen.items()]
    return table(["memory, MiB PSS", "each"], rows) + f"\nthe web server answers {start:.1f} s after its start"


def goals(
    seen: dict[Cell, Figures], rates: dict[int, float], *, shipped: int, weight: float, start: float
) -> list[Goal]:
    naive = seen[_naive(SLOW)].rate
    return [
        *(goal for column in COLUMNS for goal in _independent(seen, *column)),
        *(_cheap(seen, who, back) for number, who, back in COLUMNS if number == MANY),
        Goal("requests/s over the naive funnel, CRM 300 ms, new", _funnel(seen, SLOW).rate / naive, 15),
        Goal(f"clicks/s delivered, CRM 300 ms, {shipped} calls at a time", rates[shipped], 200),
        Goal("memory of a web worker", weight, WORST_PSS, " MiB", at_most=True),
        Goal("start of the web server", start, SLOWEST_START, " s", at_most=True),
    ]


def _independent(seen: dict[Cell, Figures], number: int, who: str, back: bool) -> Iterable[Goal]:
    """Of the CRM."""
    calm = _funnel(seen, CALM, number, back).p50
    for weather, bound in ((SLOW, 1.05), (HANGING, 1.1)):
        words = f"p50, CRM {weather.name} over {CALM.name}, {_connections(number)}, {who}"
        yield Goal(words, _funnel(seen, weather, number, back).p50 / calm, bound, at_most=True)


def _cheap(seen: dict[Cell, Figures], who: str, back: bool) -> Goal:
    theirs = seen[Cell("session", "presell", SLOW, MANY, back)].rate
    words = f"requests/s over Flask with session and CSRF, CRM {SLOW.name}, {who}"
    return Goal(words, _funnel(seen, SLOW, MANY, back).rate / theirs, 0.85)


def remarks(seen: dict[Cell, Figures]) -> str:
    """Ratios without a goal."""
    session = {weather: seen[Cell("session", "presell", weather, MANY)].rate for weather in (CALM, SLOW)}
    plain = seen[Cell("plain", "presell", SLOW, MANY)].rate
    failed = sum(figures.failed for cell, figures in seen.items() if cell.who == "funnel")
    return (
        f"requests/s, new: {_funnel(seen, SLOW).rate / plain:.2f} of bare Flask (CRM 300 ms); "
        f"{_funnel(seen, CALM).rate / session[CALM]:.2f} of Flask with session and CSRF with a CRM at 0 ms; "
        f"{seen[PAUSED].rate / session[SLOW]:.2f} of it with the relay stopped\n"
        f"answers of the funnel that were none or not 200: {failed}"
    )


def _funnel(seen: dict[Cell, Figures], weather: Weather, number: int = MANY, back: bool = False) -> Figures:
    return seen[Cell("funnel", "presell", weather, number, back)]


def _four(seen: dict[Cell, Figures], who: str, weather: Weather) -> list[str]:
    return [_shown(seen[Cell(who, "presell", weather, number, back)]) for number, _, back in COLUMNS]


def _two(seen: dict[Cell, Figures], who: str, weather: Weather) -> list[str]:
    return [_shown(seen[Cell(who, "lead", weather, MANY, back)]) for back in (False, True)]


def _shown(figures: Figures) -> str:
    return f"{figures.rate:.0f}, {figures.p50:.1f}/{figures.p99:.1f}"


def _connections(number: int) -> str:
    return "1 connection" if number == 1 else f"{number} connections"


def _naive(weather: Weather) -> Cell:
    return Cell("naive", "presell", weather, MANY)
