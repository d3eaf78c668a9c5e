"""What a theme must not miss: its folder, the pictures that funnel.toml names, words that templates can reach."""

from collections.abc import Iterator

from funnel.campaign import copy_table
from funnel.campaign.campaign import Campaign
from funnel.folders import Folders

RULE = "a picture in static/, like img/product.svg"


def mistakes(campaign: Campaign, folders: Folders) -> list[str]:
    """One line each, in words, without the file's name."""
    if folders.own and not folders.own.is_dir():
        return [f"theme.folder: found '{campaign.theme.folder}'; there is no such folder beside funnel.toml"]
    missing = (
        f"{place}: found '{path}'; allowed: {RULE}" for place, path in _pictures(campaign) if not _there(path, folders)
    )
    return [*missing, *copy_table.mistakes(campaign.copy_table)]


def _there(path: object, folders: Folders) -> bool:
    return isinstance(path, str) and folders.find(path) is not None


def _pictures(campaign: Campaign) -> Iterator[tuple[str, str]]:
    for table, sold in (("offers", campaign.offers), ("bundles", campaign.bundles)):
        for key, each in sold.items():
            if each.image:
                yield f"{table}.{key}.image", each.image
    if campaign.theme.logo:
        yield "theme.logo", campaign.theme.logo
    yield from copy_table.pictures(campaign.copy_table)
