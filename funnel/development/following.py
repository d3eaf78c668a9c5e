"""Follows funnel.toml and the words, which are read at the start only, for the programs that go on as they change."""

from pathlib import Path

from config import folders, load_settings
from funnel.check import mistaken
from funnel.development.troubles import changed_at
from funnel.mistakes import ConfigError
from funnel.settings import Settings
from funnel.slots.slots import FOLDER


class Follower:
    def __init__(self, settings: Settings) -> None:
        self._settings, self._seen, self._broken = settings, _saved(settings), False

    def news(self) -> Settings | list[str] | None:
        """The settings, where they were saved and are good; their mistakes, as long as there are any."""
        if (now := _saved(self._settings)) == self._seen and not self._broken:
            return None
        self._seen = now
        try:
            self._settings = load_settings()
        except ConfigError as error:
            self._broken = True  # and is tried again: what was missing may have been put there
            return mistaken.lines(error.mistakes, self._settings.funnel_file)
        self._seen, self._broken = _saved(self._settings), False
        return self._settings


def _saved(settings: Settings) -> tuple[tuple[Path, int], ...]:
    """The files that are read or judged at the start only, and when each was saved."""
    found_in = folders(settings.campaign, settings.funnel_file)
    words = [file for folder in found_in.locale for file in sorted(folder.rglob("*.po"))]
    slots = [file for folder in found_in.templates for file in sorted((folder / FOLDER).glob("*"))]
    return tuple((file, changed_at(file)) for file in (settings.funnel_file, *words, *slots))
