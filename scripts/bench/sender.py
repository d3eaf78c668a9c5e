"""python -m sender N: the relay, with so many calls at a time."""

import signal
import sys
from threading import Event

from config import load_settings
from funnel.furnishing import furnish

stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
furnish(load_settings()).relay.run(stop, senders=int(sys.argv[1]))
