"""How gunicorn serves the funnel; `flask funnel up` adds the address to listen on."""

import gc
import os
import shutil
import tempfile
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)  # gunicorn's own name for it
preload_app = True  # loaded once, and its memory shared; so new code needs a restart, a reload by SIGHUP is not enough
threads = 16  # a pay request waits some seconds for the CRM, and pages are answered meanwhile
timeout = 90  # seconds; above the 60 s that a charge may take, so that none is cut off
graceful_timeout = 75  # seconds; a stop waits for the charges under way
keepalive = 15  # seconds; a proxy's connections live on between a shopper's pages
limit_request_line = 8190  # gunicorn's most: advertisers' click ids make long addresses
limit_request_fields = 60
control_socket_disable = True  # nobody uses it, and a read-only container has no place for it
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  (heartbeats never wait for a disk)

# The access log is off. Whoever turns it on gets no query string: click ids are personal data.
access_log_format = "%(m)s %(U)s %(s)s %(D)s"

# The workers' figures for /metrics meet in this folder; a relay that shall add its own is given the same one.
_own_folder = None
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="funnel-", dir=worker_tmp_dir)


def when_ready(_server: Any) -> None:
    """Before the fork, what is loaded is taken from the garbage collector, whose marks would copy its memory."""
    gc.collect()
    gc.freeze()


def on_exit(_server: Any) -> None:
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
