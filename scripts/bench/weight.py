"""What the processes weigh, and how long a start takes."""

from statistics import median

from programs import pss
from stage import Stage

STARTS = 3
MIB = 1 << 20


def weights(stage: Stage) -> dict[str, list[float]]:
    """MiB of each process, shared pages counted in parts (PSS): the funnel's web workers, its master, the relay."""
    web, relay = stage.running["funnel"], stage.running["relay"]
    return {
        "web worker": [pss(worker) / MIB for worker in web.children()],
        "gunicorn's master": [pss(web.pid) / MIB],
        "relay": [pss(relay.pid) / MIB],
    }


def start_time(stage: Stage) -> float:
    """Seconds until the web server has answered; the median of a few starts."""
    taken = []
    for _ in range(STARTS):
        stage.stop("funnel")
        taken.append(stage.serve("funnel"))
    return median(taken)
