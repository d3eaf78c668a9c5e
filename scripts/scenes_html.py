"""Writes the HTML of every scene into a folder, for the validators that read files: scripts/validate uses it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from app import stage
from config import ROOT, load_settings


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as kept:
        theatre = stage(load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}, root=Path(kept)))
        for scene in theatre.scenes():
            (folder / f"{scene.name}.html").write_bytes(theatre.draw(scene).get_data())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
