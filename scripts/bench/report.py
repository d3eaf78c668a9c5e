"""The tables and the goals, in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from draining import Moment
from load import Figures
from pages import BOTH, MANY, NAIVE_SLOWER, WEATHERS, Cell
from stage import CALM, HANGING, SLOW

WORST_PSS = 60.0  # MiB
SLOWEST_START = 2.0  # seconds
SENDERS_SHIPPED = "as shipped"


@dataclass(frozen=True)
class Goal:
    words: str
    found: float
    bound: float
    at_most: bool
    unit: str = ""

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
    heads = ["presell: requests/s, p50/p99 in ms", *(f"{n} connection{'s' * (n > 1)}, {who}" for n in (1, MANY) for who in BOTH)]
    rows = [[f"the funnel, CRM {weather.name}", *_four(seen, "funnel", weather)] for weather in WEATHERS]
    rows += [[f"Flask, session and CSRF ({weather.name})", *_four(seen, "session", weather)] for weather in (CALM, SLOW)]
    for weather in (CALM, SLOW):
        plain = [_shown(seen[Cell("plain", "presell", weather, number)]) for number in (1, MANY)]
        rows.append([f"bare Flask ({weather.name})", plain[0], "", plain[1], ""])
    rows.append(["the funnel, CRM 300 ms, relay standing still", "", "", _shown(seen[_paused()]), ""])
    for weather, cell in ((each.weather.name, each) for each in (_naive(CALM), _naive(SLOW), NAIVE_SLOWER)):
        rows.append([f"naive, CRM call in the view, CRM {weather}", "", "", _shown(seen[cell]), ""])
    return table(heads, rows)


def lead(seen: dict[Cell, Figures]) -> str:
    heads = ["lead", *(f"{MANY} connections, {who}" for who in BOTH)]
    rows = [
        [f"the funnel, CRM {weather.name}", *(_shown(seen[Cell("funnel", "lead", weather, MANY, back)]) for back in (False, True))]
        for weather in (CALM, SLOW, HANGING)
    ]
    rows.append(
        ["Flask, session and CSRF", *(_shown(seen[Cell("session", "lead", SLOW, MANY, back)]) for back in (False, True))]
    )
    return table(heads, rows)


def draining(rates: dict[int, float], shipped: int) -> str:
    rows = [
        [f"{count}{f' ({SENDERS_SHIPPED})' if count == shipped else ''}", f"{rate:.0f}", f"{rate / (count / 0.3):.2f}"]
        for count, rate in rates.items()
    ]
    return table(["calls at a time, CRM 300 ms", "clicks/s", "of what 300 ms allow"], rows)


def burst(figures: Figures, moments: Sequence[Moment]) -> str:
    shown = [moment for number, moment in enumerate(moments) if number < 8 or number % 4 == 0 or number == len(moments) - 1]
    head = f"a burst of {figures.rate:.0f} views/s (p50 {figures.p50:.0f} ms, p99 {figures.p99:.0f} ms): owed, by second"
    return head + "\n" + "  ".join(f"{moment.at:.0f}: {moment.backlog}" for moment in shown)


def weights(seen: dict[str, list[float]], start: float) -> str:
    rows = [[name, ", ".join(f"{each:.0f}" for each in all_of)] for name, all_of in seen.items()]
    return table(["memory, MiB PSS", "each"], rows) + f"\nthe web server answers {start:.1f} s after its start"


def goals(seen: dict[Cell, Figures], rates: dict[int, float], shipped: int, weight: float, start: float) -> list[Goal]:
    found = []
    for number in (1, MANY):
        for back, who in zip((False, True), BOTH, strict=True):
            calm = seen[Cell("funnel", "presell", CALM, number, back)].p50
            slow = seen[Cell("funnel", "presell", SLOW, number, back)].p50
            hanging = seen[Cell("funnel", "presell", HANGING, number, back)].p50
            where = f"{number} connection{'s' * (number > 1)}, {who}"
            found.append(Goal(f"p50 with a CRM at 300 ms over 0 ms, {where}", slow / calm, 1.05, True))
            found.append(Goal(f"p50 with a CRM that hangs over 0 ms, {where}", hanging / calm, 1.1, True))
    for back, who in zip((False, True), BOTH, strict=True):
        ours = seen[Cell("funnel", "presell", SLOW, MANY, back)].rate
        theirs = seen[Cell("session", "presell", SLOW, MANY, back)].rate
        found.append(Goal(f"requests/s over Flask with session and CSRF, CRM 300 ms, {who}", ours / theirs, 0.85, False))
    ours, naive = seen[Cell("funnel", "presell", SLOW, MANY)].rate, seen[_naive(SLOW)].rate
    found.append(Goal("requests/s over the naive funnel, CRM 300 ms, new", ours / naive, 15, False))
    found.append(Goal(f"clicks/s delivered, CRM 300 ms, {shipped} calls at a time", rates[shipped], 200, False))
    found.append(Goal("memory of a web worker", weight, WORST_PSS, True, " MiB"))
    found.append(Goal("start of the web server", start, SLOWEST_START, True, " s"))
    return found


def remarks(seen: dict[Cell, Figures]) -> str:
    """Ratios without a goal."""
    ours = {weather: seen[Cell("funnel", "presell", weather, MANY)].rate for weather in (CALM, SLOW)}
    session = {weather: seen[Cell("session", "presell", weather, MANY)].rate for weather in (CALM, SLOW)}
    plain = seen[Cell("plain", "presell", SLOW, MANY)].rate
    failed = sum(figures.failed for cell, figures in seen.items() if cell.who == "funnel")
    return (
        f"requests/s, new: {ours[SLOW] / plain:.2f} of bare Flask (CRM 300 ms); "
        f"{ours[CALM] / session[CALM]:.2f} of Flask with session and CSRF with a CRM at 0 ms; "
        f"{seen[_paused()].rate / session[SLOW]:.2f} of it with the relay standing still\n"
        f"answers of the funnel that were none or not 200: {failed}"
    )


def _four(seen: dict[Cell, Figures], who: str, weather: object) -> list[str]:
    wanted = [(number, back) for number in (1, MANY) for back in (False, True)]
    return [_shown(seen[Cell(who, "presell", weather, number, back)]) for number, back in wanted]


def _shown(figures: Figures) -> str:
    return f"{figures.rate:.0f}, {figures.p50:.1f}/{figures.p99:.1f}"


def _paused() -> Cell:
    return Cell("funnel", "presell", SLOW, MANY, paused=True)


def _naive(weather: object) -> Cell:
    return Cell("naive", "presell", weather, MANY)
