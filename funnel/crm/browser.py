"""What a bank wants to know of the shopper's browser when 3DS is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Screen:
    """In pixels."""

    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class BrowserData:
    """What 3DS wants to know of the shopper's browser. `timezone` is minutes between UTC and local time."""

    acceptHeader: str | None = None
    userAgent: str | None = None
    language: str | None = None
    timezone: int | None = None
    colorDepth: int | None = None
    screen: Screen | None = None
    javaScriptEnabled: bool | None = None
    javaEnabled: bool | None = None
