"""python -m funnel.sandbox: serves the sandbox on this machine until it is told to stop."""

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from funnel.sandbox.app import create_sandbox
from funnel.sandbox.catalogue_file import read_catalogue

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Logs no request: a request line may hold a card number."""

    def log(self, type: str, message: str, *args: object) -> None:
        return


def main(arguments: list[str]) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status."""
    asked = parser().parse_args(arguments)
    try:
        catalogue = read_catalogue(asked.catalogue) if asked.catalogue else None
        app = create_sandbox(
            login_id=asked.login_id, password=asked.password, funnel_url=asked.funnel_url, catalogue=catalogue
        )
        server = make_server(HOST, asked.port, app, threaded=True, request_handler=QuietHandler)
    except (OSError, ValueError, SystemExit) as problem:
        print(f"The sandbox cannot start on port {asked.port}: {problem}", file=sys.stderr)
        return 1
    print(f"Sandbox CRM on http://{HOST}:{server.server_port}", flush=True)
    serve(server)
    return 0


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m funnel.sandbox", description=__doc__)
    options.add_argument("--port", type=int, default=5001, help="0 takes a free one")
    options.add_argument("--login-id", default="sandbox")
    options.add_argument("--password", default="sandbox")
    options.add_argument(
        "--catalogue",
        type=Path,
        help="a JSON file of products, perhaps with coupons, shipProfiles and taxes; without it any product exists",
    )
    options.add_argument("--funnel-url", default="http://127.0.0.1:5000", help="what the front page links to")
    return options


def serve(server: BaseWSGIServer) -> None:
    """Calls still being answered when the signal comes are cut off, as they would be in a real outage."""

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
