"""`flask funnel doctor`, as an operator types it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from nginx import Nginx
from processes import Installation
from programs import free_ports
from proxy import HOST
from test_up import environment

from config import ROOT

WITHIN = 60.0  # seconds
Found = dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Nginx]]:
    folder = tmp_path_factory.mktemp("shop")
    port, plain_port = free_ports(2)
    settings = {"PUBLIC_URL": f"https://{HOST}:{port}", "TRUSTED_HOSTS": HOST, "PROXY_HOPS": "1"}
    with ExitStack() as opened:
        installation = opened.enter_context(Installation(folder, production=True, **settings))
        nginx = Nginx(folder / "nginx", installation.urls, port=port, plain_port=plain_port)
        yield installation, opened.enter_context(nginx)


def doctor(shop: tuple[Installation, Nginx], *, trusting: bool = True, **settings: str) -> tuple[int, Found]:
    installation, nginx = shop
    trusted = ["--ca-file", str(nginx.certificate)] if trusting else []
    command = [sys.executable, "-m", "flask", "--app", "app", "funnel", "doctor"]
    said = subprocess.run(
        [*command, "--format", "json", *trusted],
        cwd=ROOT,
        env=installation.environment | settings,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert said.stderr == "", "it answers a person, who is not told of each call on the way"
    found: Found = {}
    for each in json.loads(said.stdout):
        found.setdefault(each["about"], []).append((each["severity"], each["words"]))
    return said.returncode, found


def test_a_machine_that_is_right(shop: tuple[Installation, Nginx]) -> None:
    status, found = doctor(shop)
    assert {severity for each in found.values() for severity, _ in each} <= {"fine"}, found
    assert status == 0
    assert "127.0.0.1 by https" in found["proxy"][0][1]
    assert "__Host-funnel" in found["cookie"][0][1]
    assert {*found} >= {"disk", "store", "CRM: DNS", "clock", "CRM: calls", "street"}
    charged = shop[0].crm.charges()["total"]
    assert charged == 0


def test_a_certificate_of_an_unknown_maker_is_told_with_the_way_out(shop: tuple[Installation, Nginx]) -> None:
    status, found = doctor(shop, trusting=False)
    assert status == 2
    assert "--ca-file" in found["street"][0][1]


def test_a_campaign_that_the_crm_does_not_know_is_an_error(shop: tuple[Installation, Nginx], tmp_path: Path) -> None:
    elsewhere = tmp_path / "funnel.toml"
    elsewhere.write_text(re.sub("^campaignId = .*", "campaignId = 99", (ROOT / "funnel.toml").read_text(), flags=re.M))
    status, found = doctor(shop, FUNNEL_FILE=str(elsewhere))
    assert status == 2
    assert [told for severity, told in found["CRM: calls"] if severity == "error" and "campaignId" in told], found


@pytest.mark.parametrize(
    ("settings", "about", "words"),
    [
        ({"PROXY_HOPS": "0"}, "settings", "PROXY_HOPS is 0"),
        ({"KONNEKTIVE_PASSWORD": "wrong"}, "CRM: calls", "must allow this machine's address"),
        ({"KONNEKTIVE_API_URL": "https://127.0.0.1:1"}, "CRM: way", "does not answer"),
        ({"PUBLIC_URL": "https://127.0.0.1:1"}, "street", "cannot be reached"),
    ],
)
def test_what_is_wrong_is_told_in_words_with_status_2(
    shop: tuple[Installation, Nginx], settings: dict[str, str], about: str, words: str
) -> None:
    status, found = doctor(shop, **settings)
    assert status == 2
    assert [told for severity, told in found[about] if severity == "error" and words in told], found


def test_where_the_settings_let_nothing_start_it_ends_with_the_status_that_its_help_names(tmp_path: Path) -> None:
    def typed(*options: str, **settings: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "flask", "--app", "app", "funnel", "doctor", *options]
        env = environment(tmp_path, **settings)
        said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WITHIN, check=False)
        return said.returncode, " ".join(said.stdout.split())

    status, _ = typed(PORT="none")
    assert f"{status} where the settings let nothing start" in typed("--help")[1]
    assert status == 4
