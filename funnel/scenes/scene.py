"""A scene: one page in one mood, and what has to be so for it to be drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Response

from funnel.attempt import Attempt
from funnel.campaign.campaign import Campaign
from funnel.visits.visit import Visit

Draw = Callable[[], Response]


@dataclass(frozen=True)
class Scene:
    """`draw` is called in a request for `path` by `visit`; with `typed`, in a POST of it."""

    page: str
    mood: str
    words: str
    draw: Draw
    path: str
    campaign: Campaign
    visit: Visit
    attempts: tuple[Attempt, ...] = ()
    refused: frozenset[str] = frozenset()
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.page}-{self.mood}"
