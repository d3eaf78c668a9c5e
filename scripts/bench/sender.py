"""python -m sender N: the relay, with so many calls at a time."""

import sys

from config import load_settings
from funnel.furnishing import furnish
from funnel.stop_signal import StopSignal

stop = StopSignal()
furnish(load_settings()).relay.run(stop, senders=int(sys.argv[1]))
