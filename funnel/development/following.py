"""Follows funnel.toml and the words for the programs that are started anew when they change."""

import sys

from config import load_settings
from funnel.check import mistaken
from funnel.development.reloading import watched
from funnel.mistakes import ConfigError
from funnel.settings import Settings


class Follower:
    def __init__(self, settings: Settings) -> None:
        self._settings, self._seen = settings, watched(settings)
        self._told: list[str] = []

    def news(self) -> Settings | None:
        """The settings, where they were saved and are good; mistakes are printed, once."""
        if (now := watched(self._settings)) == self._seen and not self._told:
            return None
        self._seen, file = now, self._settings.funnel_file
        try:
            self._settings = load_settings()
        except ConfigError as error:
            self._tell(mistaken.lines(error.mistakes, file))
            return None
        self._seen, self._told = watched(self._settings), []
        print(f"{file.name} is read again.", flush=True)
        return self._settings

    def _tell(self, lines: list[str]) -> None:
        """Until they are mended the settings are tried again and again: what was missing may have been put there."""
        if lines != self._told:
            print("\n".join([*lines, "All goes on as it last was good."]), file=sys.stderr, flush=True)
        self._told = lines
