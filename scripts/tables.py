"""Figures with their names, one a line."""

from __future__ import annotations

from collections.abc import Mapping


def table(rows: Mapping[str, object]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())
