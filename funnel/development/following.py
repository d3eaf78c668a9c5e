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

    def news(self) -> Settings | None:
        """The settings, where they were saved and are good; mistakes are printed, once."""
        if (now := watched(self._settings)) == self._seen:
            return None
        self._seen, file = now, self._settings.funnel_file
        try:
            self._settings = load_settings()
        except ConfigError as error:
            print("\n".join(mistaken.lines(error.mistakes, file)), file=sys.stderr, flush=True)
            print("All goes on as it last was good.", file=sys.stderr, flush=True)
            return None
        self._seen = watched(self._settings)
        print(f"{file.name} is read again.", flush=True)
        return self._settings
