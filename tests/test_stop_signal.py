"""A process that is asked to stop again and again, as by a terminal, make and systemd at once, stops all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASKING = 0.5  # seconds
STOP_WITHIN = 20.0
PROCESS = """
import os, time
from funnel.stop_signal import StopSignal

stop = StopSignal()
print("serves", flush=True)
while not stop.is_set():
    stop.wait(0.01)
time.sleep(1.0)  # its programs come to their end
os._exit(0)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_one_upon_the_other_stop_it(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROCESS], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "serves\n"
            until = time.monotonic() + ASKING
            while time.monotonic() < until:
                process.send_signal(how)
            assert process.wait(STOP_WITHIN) == 0
        finally:
            process.kill()
