"""Writes the HTML of every scene into a folder, for the validators that read files: scripts/validate uses it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from app import stage
from config import ROOT, load_settings


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="one that is there")
    folder = options.parse_args(arguments).folder
    with tempfile.TemporaryDirectory() as kept:
        theatre = stage(load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}, root=Path(kept)))
        for scene in theatre.scenes():
            (folder / f"{scene.name}.html").write_bytes(theatre.draw(scene).get_data())


if __name__ == "__main__":
    main(sys.argv[1:])
