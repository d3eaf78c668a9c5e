"""Whether a file would be gone after a restart: what kind of file system its folder lies on."""

from pathlib import Path

MOUNTS = Path("/proc/self/mounts")  # Linux; elsewhere nothing can be told
IN_MEMORY = {"tmpfs", "ramfs"}


def in_memory(file: Path) -> bool:
    if not MOUNTS.exists():
        return False
    return kind(file.resolve(), MOUNTS.read_text(encoding="utf-8").splitlines()) in IN_MEMORY


def kind(file: Path, mounts: list[str]) -> str | None:
    """The innermost mount counts, and of several on one folder the last."""
    found, depth = None, -1
    for line in mounts:
        _, where, this, *_ = line.split(" ")
        folder = Path(where.replace("\\040", " "))
        if folder in (file, *file.parents) and len(folder.parts) >= depth:
            found, depth = this, len(folder.parts)
    return found
