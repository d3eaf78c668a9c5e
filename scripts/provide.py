"""Brings what the tests need, Chromium, PostgreSQL, nginx and Caddy, or says what is missing and what brings it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from machine import Found, find_caddy, find_chromium, find_nginx, find_postgres, in_ci

INSTALL = Path(__file__).with_name("install")
# By Debian package.
PIECES: dict[str, Callable[[Mapping[str, str]], Found]] = {
    "chromium": find_chromium,
    "postgresql": find_postgres,
    "nginx": find_nginx,
    "caddy": find_caddy,
}


def main(environment: Mapping[str, str]) -> int:
    """The exit status: 1 where something is missing and CI allows no skipped test."""
    missing = [reason for package in PIECES if (reason := _provide(package, environment))]
    if not missing:
        return 0
    print("\n".join(missing), file=sys.stderr)
    if in_ci(environment):
        print("CI=true: no test may be skipped, so this is the end.", file=sys.stderr)
        return 1
    print("The tests that need it are skipped and counted.\n", file=sys.stderr)
    return 0


def _provide(package: str, environment: Mapping[str, str]) -> str:
    """Empty once the piece is there; otherwise the reason why it is not."""
    find = PIECES[package]
    found = find(environment)
    root = None if found.path else _as_root(environment)
    if root is not None:
        print(f"The tests need {package}, so it is installed from this machine's packages …", flush=True)
        subprocess.run([*root, "sh", INSTALL, package], env=environment, check=False)
        found = find(environment)
    return found.reason


def _as_root(environment: Mapping[str, str]) -> list[str] | None:
    """What makes a command run as root without asking anybody, on a machine with apt."""
    path = environment.get("PATH")
    if not shutil.which("apt-get", path=path):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo", path=path)
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


if __name__ == "__main__":
    sys.exit(main(os.environ))
