"""Asks the funnel in this container whether it answers; an exit status other than 0 says no."""

import os
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

PATIENCE = 3  # seconds

port = os.environ.get("PORT") or "5000"
# TRUSTED_HOSTS may refuse 127.0.0.1, so the question bears the name that shoppers use.
host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or "127.0.0.1"
question = Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
urlopen(question, timeout=PATIENCE).close()  # noqa: S310  (always this machine)
