"""What the processes weigh, and how long a start takes."""

from pathlib import Path
from statistics import median

from stage import Stage

STARTS = 3


def weights(stage: Stage) -> dict[str, list[float]]:
    """MiB of each process, shared pages counted in parts (PSS): the funnel's web workers, its master, the relay."""
    master = stage.running["funnel"].pid
    return {
        "web worker": [_pss(worker) for worker in _children(master)],
        "gunicorn's master": [_pss(master)],
        "relay": [_pss(stage.running["relay"].pid)],
    }


def start_time(stage: Stage) -> float:
    """Seconds until the web server has answered; the median of a few starts."""
    taken = []
    for _ in range(STARTS):
        stage.stop("funnel")
        taken.append(stage.serve("funnel"))
    return median(taken)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _pss(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.split("Pss:")[1].split()[0]) / 1024
