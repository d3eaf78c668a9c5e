"""The files that deploy it hold what the house promises: no root, a read-only tree, one place for data."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_settings import PRODUCTION

from config import TIMINGS, VARIABLES, load_settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = ("app", "web", "relay")
STOP_AFTER = 75  # seconds: gunicorn's graceful_timeout


def dockerfile() -> list[str]:
    """Its instructions, each in one line, of the last stage."""
    lines = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text()).splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return lines[last:]


def test_the_image_runs_as_an_ordinary_user_and_is_told_to_stop_itself() -> None:
    instructions = dockerfile()
    assert "USER funnel" in instructions
    assert "VOLUME /data" in instructions
    commands = [line for line in instructions if line.startswith(("CMD ", "HEALTHCHECK "))]
    assert all("[" in line for line in commands), "in exec form a signal reaches the program and not a shell"
    assert len(commands) == 2


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_is_shut_in_and_may_end_its_charges(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP_AFTER
    assert isinstance(service.get("command", []), list)
    for published in service.get("ports", []):
        assert published.startswith("127.0.0.1:"), "only the proxy reaches the port"
    for setting in service.get("environment", {}):
        assert setting in VARIABLES | TIMINGS


def test_by_default_there_is_one_service_with_its_data_in_a_volume() -> None:
    always = [name for name, service in COMPOSE["services"].items() if not service.get("profiles")]
    assert always == ["app"]
    assert COMPOSE["services"]["app"]["volumes"] == ["funnel-data:/data"]
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_in_a_container_the_port_is_the_one_that_is_published_and_asked() -> None:
    for name in ("app", "web"):
        assert COMPOSE["services"][name]["environment"]["PORT"] == "5000", "whatever .env says"


def test_a_container_starts_with_all_that_compose_reads_from_the_env_file(tmp_path: Path) -> None:
    read = re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text())
    assert "SHOP_HOST" in read
    lines = [f"{name}={value}" for name, value in (dict.fromkeys(read, "1") | PRODUCTION).items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    of_the_image = {"FUNNEL_FILE": str(ROOT / "funnel.toml"), "DATABASE_URL": "postgresql://database/funnel"}
    assert load_settings(of_the_image, root=tmp_path).production


def service_of(unit: str) -> dict[str, str]:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment]  # names keep their capitals
    parsed.read(ROOT / "deploy" / unit)
    return dict(parsed["Service"])


@pytest.mark.parametrize("unit", ["funnel.service", "funnel-relay.service"])
def test_a_unit_waits_for_charges_and_may_write_in_one_place(unit: str) -> None:
    service = service_of(unit)
    assert int(service["TimeoutStopSec"]) > STOP_AFTER
    assert (service["User"], service["ProtectSystem"], service["LimitCORE"]) == ("funnel", "strict", "0")
    assert (service["StateDirectoryMode"], service["UMask"]) == ("0700", "0077"), "others read no names and addresses"
    assert (service["CapabilityBoundingSet"], service["SystemCallFilter"]) == ("", "@system-service")


def test_the_two_units_are_shut_in_alike() -> None:
    web, relay = service_of("funnel.service"), service_of("funnel-relay.service")
    assert web.pop("ExecStart") != relay.pop("ExecStart")
    assert web == relay
