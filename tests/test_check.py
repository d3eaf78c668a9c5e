"""flask funnel check: each rule finds the fault it is for, at its line; what is shipped has none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import Crm, OpenFunnel
from flask import Flask
from test_up import environment

from app import create_app
from config import folders, load_settings
from funnel.check import checking, crm_rules, report
from funnel.check.colour import contrast
from funnel.check.finding import RULES, Finding
from funnel.check.subject import Subject

ROOT = Path(__file__).parent.parent
PLAIN = (Path(__file__).parent / "funnel.toml").read_text()
OWN = '\n[theme]\nfolder = "theme"\n'
PAGE = "templates/pages/presell.html"
UPSELL = "templates/pages/upsell-shade.html"
CHECKOUT = "templates/pages/checkout.html"
POST = '<form method="post">{{ kit.hidden(form.csrf_token) }}\n'

Check = Callable[..., list[Finding]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Its routes, filters and globals are the same for every theme."""
    file = str(Path(__file__).parent / "funnel.toml")
    return create_app(load_settings({"FUNNEL_FILE": file}, root=tmp_path_factory.mktemp("app")))


@pytest.fixture
def check(app: Flask, tmp_path: Path) -> Check:
    """The findings with these files in the theme's folder, and with these tables after the tests' funnel.toml."""

    def checked(files: dict[str, str], tables: str = "", *, plain: str = PLAIN, **settings: str) -> list[Finding]:
        (tmp_path / "theme").mkdir()
        for name, text in files.items():
            (file := tmp_path / "theme" / name).parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / "funnel.toml").write_text(plain + OWN + tables)
        told = load_settings({"FUNNEL_FILE": str(tmp_path / "funnel.toml"), **settings}, root=tmp_path)
        return checking.findings(Subject.of(app, told, folders(told.campaign, told.funnel_file)))

    return checked


# The file with the fault, its text, the rule that finds it, and the line.
FAULTS = [
    (PAGE, "\n{% if %}", "syntax", 2),
    (PAGE, "{% extends 'layout.html' %}\n{% block main %}", "syntax", 2),
    (PAGE, "\n\n{{ cheepest.name }}", "unknown-variable", 3),
    (PAGE, "{% macro brick(words) %}{{ words }}{% endmacro %}\n{{ brik('a') }}", "unknown-variable", 2),
    (PAGE, "\n{{ cheapest.name|shout }}", "unknown-filter", 2),
    (PAGE, "\n{% if resume is truish %}{% endif %}", "unknown-filter", 2),
    (PAGE, '\n{% include "parts/heder.html" %}', "missing-template", 2),
    (PAGE, '{% extends "shipped/pages/presel.html" %}', "missing-template", 1),
    (PAGE, '\n{% import "kitt.html" as bricks %}', "missing-template", 2),
    (PAGE, '{% extends "layout.html" %}\n{% block mian %}{% endblock %}', "unknown-block", 2),
    (PAGE, "\n{{ cheapest.name|safe }}", "unescaped", 2),
    (PAGE, '\n\n<form method="post"><p></p></form>', "form-without-token", 3),
    (UPSELL, f'\n{POST}<button name="choice" value="yes">Yes</button></form>', "form-without-attempt", 2),
    (PAGE, '\n<form method="get" action="https://list.example/join"></form>', "remote-form", 2),
    (PAGE, "\n<script>\nalert(1)\n</script>", "inline-script", 2),
    (PAGE, '\n<p\nonclick="go()">go</p>', "inline-handler", 2),
    (PAGE, '\n<a href="javascript:go()">go</a>', "inline-handler", 2),
    (PAGE, '\n<p style="color: red">red</p>', "inline-style", 2),
    (PAGE, "\n<style>p { color: red }</style>", "inline-style", 2),
    (CHECKOUT, '\n<script src="https://cdn.example/a.js"></script>', "remote-asset", 2),
    (CHECKOUT, '\n<img src="//cdn.example/a.png" alt="" width="1" height="1">', "remote-asset", 2),
    (CHECKOUT, '\n<link rel="stylesheet" href="https://fonts.example/css">', "remote-asset", 2),
    ("static/css/theme.css", '\n\n@import url("https://fonts.example/css");', "remote-asset", 3),
    (PAGE, '\n{{ kit.picture("img/none.svg", "Nothing") }}', "missing-file", 2),
    (PAGE, '\n<img src="{{ asset(\'img/none.svg\') }}" alt="" width="1" height="1">', "missing-file", 2),
    (PAGE, '\n<img src="img/lamp.webp" alt="" width="1" height="1">', "missing-file", 2),
    ("static/img/huge.svg", f"<svg>{'x' * 310_000}</svg>", "oversize-picture", None),
    (PAGE, '\n<img src="{{ asset(\'img/lamp.webp\') }}" width="1" height="1">', "image-without-alt", 2),
    (PAGE, '\n<img src="{{ asset(\'img/lamp.webp\') }}" alt="A lamp">', "image-without-size", 2),
    (PAGE, '\n<label for="a">A</label><input id="b" name="b">', "field-without-label", 2),
    (PAGE, '\n<select name="size"><option>M</option></select>', "field-without-label", 2),
    (CHECKOUT, '<label for="x">City</label>\n<input id="x" name="shipCity">', "field-without-autocomplete", 2),
    (PAGE, '\n<a href="/pricing">Prices</a>', "broken-link", 2),
    (PAGE, '\n<a href="/static/terms.pdf">Terms</a>', "broken-link", 2),
    (PAGE, "\n<p>Only 3 left in stock</p>", "timer-without-end", 2),
    (PAGE, '\n<p class="countdown">14:58</p>', "timer-without-end", 2),
    (PAGE, "\n{{ kit.countdown(900) }}", "timer-without-end", 2),
    (PAGE, "\n<p>Termina en 5 minutos</p>", "timer-without-end", 2),
    (CHECKOUT, '\n<label><input type="checkbox" name="bump" value="bulbs" checked>Bulbs</label>', "ticked-bump", 2),
    (UPSELL, "\n<button>No thanks, I don’t want to save money</button>", "shaming-decline", 2),
    (UPSELL, "\n<button>{{ _('No, I hate good light') }}</button>", "shaming-decline", 2),
    (UPSELL, "\n<button>No gracias, prefiero pagar más</button>", "shaming-decline", 2),
    ("templates/pages/upsell-vase.html", '{% extends "pages/upsell.html" %}', "unused-page", None),
    (PAGE, "\n{# check: off inline-scripts #}", "unknown-rule", 2),
]


@pytest.mark.parametrize(
    ("name", "text", "rule", "line"), FAULTS, ids=[f"{rule}-{n}" for n, (_, _, rule, _) in enumerate(FAULTS)]
)
def test_a_fault_is_found_by_its_rule_at_its_line(
    check: Check, tmp_path: Path, name: str, text: str, rule: str, line: int | None
) -> None:
    found = check({name: text})
    assert [each.line for each in found if each.rule == rule] == [line], found
    assert {each.file for each in found if each.rule == rule} == {str(tmp_path / "theme" / name)}


# What is written after the tests' funnel.toml, the rule, and the line it is found at, as it stands there.
TABLES = [
    ('[copy]\nstock = "Only 2 left"', "timer-without-end", 'stock = "Only 2 left"'),
    ('[copy]\nno = "No thanks, I hate saving money"', "shaming-decline", 'no = "No thanks, I hate saving money"'),
    ('[upsell3]\noffer = "bulbs"', "unused-page", "[upsell3]"),
    ('[theme.colours]\nnight_soft = "#444"', "low-contrast", 'night_soft = "#444"'),
    ('[[legal]]\nlabel = "Imprint"\nurl = "/imprint"', "broken-link", 'url = "/imprint"'),
]


@pytest.mark.parametrize(("table", "rule", "at"), TABLES, ids=[rule for _, rule, _ in TABLES])
def test_a_fault_in_the_settings_is_found_at_its_line(
    check: Check, tmp_path: Path, table: str, rule: str, at: str
) -> None:
    found = [each for each in check({}, table) if each.rule == rule]
    lines = (tmp_path / "funnel.toml").read_text().splitlines()
    assert [lines[(each.line or 0) - 1] for each in found] == [at], found


def test_praise_that_is_still_the_example_is_told_in_production(check: Check) -> None:
    live = {
        "FUNNEL_ENV": "production",
        "SECRET_KEY": "s" * 40,
        "PUBLIC_URL": "https://shop.example",
        "KONNEKTIVE_LOGIN_ID": "me",
        "KONNEKTIVE_PASSWORD": "word",
    }
    table = '[[copy.testimonials]]\nwords = "Lovely"\nexample = true'
    assert "example-testimonial" in {each.rule for each in check({}, table, **live)}


def test_what_shows_only_as_a_page_is_drawn_is_found(tmp_path: Path, run: Callable[..., Result]) -> None:
    (tmp_path / "theme/templates/pages").mkdir(parents=True)
    top = '{% extends "shipped/pages/presell.html" %}\n{% block main %}'
    (tmp_path / "theme" / PAGE).write_text(top + "{{ copy.hedline }}{% endblock %}")
    brick = "{% macro brick() %}<img {{ {'src': asset('img/favicon.svg')}|xmlattr }}>{% endmacro %}"
    (tmp_path / "theme" / UPSELL).write_text(brick + "{{ brick() }}")
    (file := tmp_path / "funnel.toml").write_text(PLAIN + OWN)
    printed = run("--no-crm", file=file).output
    assert f"{tmp_path / 'theme' / PAGE}:2  error  drawing  presell-new cannot be drawn" in printed
    assert "error  image-without-alt  " in printed
    assert printed.count("  drawing  ") == 1, "whichever moods of the page show it"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("\n{% if %}", "syntax"),
        ("\n{{ cheepest.name }}", "unknown-variable"),
        ("\n{{ cheapest.name|shout }}", "unknown-filter"),
        ('\n{% include "parts/heder.html" %}', "missing-template"),
    ],
)
def test_one_slip_is_told_once(tmp_path: Path, run: Callable[..., Result], text: str, rule: str) -> None:
    (file := tmp_path / "theme" / PAGE).parent.mkdir(parents=True)
    file.write_text(text)
    (tmp_path / "funnel.toml").write_text(PLAIN + OWN)
    printed = run("--no-crm", file=tmp_path / "funnel.toml").output.splitlines()
    assert [line.split("  ")[:3] for line in printed if line.startswith(f"{file}:2")] == [[f"{file}:2", "error", rule]]


def test_words_that_cannot_be_read_are_told_by_scheme(check: Check) -> None:
    table = '[theme.colours]\nbad_ground = { light = "#ad2318", dark = "rgb(51 23 15)" }'
    told = [(each.severity, each.message) for each in check({}, table) if each.rule == "low-contrast"]
    assert told == [
        ("warning", "bad on bad_ground has a contrast of 1.0 in the light scheme; needed: 4.5"),
        ("warning", "ink on bad_ground has a contrast of 2.3 in the light scheme; needed: 4.5"),
    ]


@pytest.mark.parametrize(
    ("text", "ground", "ratio"),
    [
        ("#000", "#FFFFFF", 21),
        ("#777777", "#fff", 4.48),
        ("rgb(119 119 119)", "rgb(100%, 100%, 100%)", 4.48),
        ("hsl(0 100% 50%)", "#fff", 4),
        ("oklch(62.8% 0.2577 29.23)", "oklab(1 0 0)", 4),
        ("rgb(0 0 0 / 50%)", "#fff", None),
        ("#0008", "#fff", None),
        ("lab(50 0 0)", "#fff", None),
        ("hsl(1turn 9e999 none)", "#fff", None),
        ("oklab(9e199 0 0)", "#fff", None),
    ],
)
def test_the_contrast_is_that_of_wcag(text: str, ground: str, ratio: float | None) -> None:
    assert contrast(text, ground) == (ratio and pytest.approx(ratio, abs=0.01))


def test_a_missing_legal_link_is_told(check: Check) -> None:
    without = PLAIN.replace(
        'label = "Privacy"\nurl = "https://halden.example/privacy"', 'label = "Imprint"\nurl = "https://a.example"'
    )
    assert [each.message for each in check({}, plain=without) if each.rule == "missing-legal-link"] == [
        "no [[legal]] link leads to the privacy"
    ]


def test_a_missing_translation_is_told_where_the_text_stands(check: Check) -> None:
    files = {PAGE: '{% extends "layout.html" %}\n{% block main %}<h1>{{ _("Light up") }}</h1>{% endblock %}'}
    found = [each for each in check(files, plain=f'language = "es"\n{PLAIN}') if each.rule == "missing-translation"]
    assert [(each.line, each.message) for each in found] == [(2, "“Light up” is missing in “es”")]


def test_a_language_without_a_catalogue_is_told_once(check: Check) -> None:
    found = [each for each in check({}, plain=f'language = "fr"\n{PLAIN}') if each.rule == "missing-translation"]
    assert [(each.line, each.file.rpartition("/")[2]) for each in found] == [(1, "funnel.toml")]


def test_what_is_switched_off_is_not_told(check: Check) -> None:
    script = "<script>go()</script>"
    assert not [
        each for each in check({PAGE: "{# check: off inline-script #}" + script}) if each.rule == "inline-script"
    ]


def test_what_is_right_is_not_told(check: Check) -> None:
    """The same bricks, as they should be."""
    page = """{% extends "shipped/pages/presell.html" %}
{% block main %}<h1>{{ cheapest.name }}</h1>
<a href="{{ next_url }}">On</a> <a href="/lead?from=top">Your details</a> <a href="https://elsewhere.example">Elsewhere</a>
<img src="{{ asset('img/lamp.webp') }}" alt="{{ cheapest.name }}" width="8" height="6">
<script type="application/json">{"a": 1}</script>
{% for package in packages %}{{ package.name }}{% endfor %}
<label>Size <select name="size"><option>M</option></select></label>
<input type="checkbox" id="a" name="a"{% if resume %} checked{% endif %}><label for="a">A</label>
{% endblock %}"""
    assert check({PAGE: page}) == []


def test_what_is_shipped_is_clean(tmp_path: Path) -> None:
    told = load_settings({"FUNNEL_FILE": str(ROOT / "funnel.toml")}, root=tmp_path)
    assert checking.findings(Subject.of(create_app(told), told, folders(told.campaign, told.funnel_file))) == []


@pytest.fixture
def run(open_funnel: OpenFunnel) -> Callable[..., Result]:
    """The command, before the sandbox that sells what the tests' funnel.toml says."""

    def command(*options: str, file: Path | None = None, **environment: str) -> Result:
        settings = open_funnel(relay=False, **({"FUNNEL_FILE": str(file)} if file else {}), **environment).settings
        return create_app(settings).test_cli_runner().invoke(args=["funnel", "check", *options])

    return command


def test_the_campaign_is_compared_and_the_exit_status_is_0_when_all_is_well(run: Callable[..., Result]) -> None:
    result = run("--crm")
    assert result.exit_code == 0
    assert "whether Import Click, Import Lead" in result.output, "what cannot be known is said"
    assert "nothing was compared" not in result.output


@pytest.fixture
def ask(open_funnel: OpenFunnel, app: Flask) -> Callable[..., list[str]]:
    """What the CRM's answers tell, as lines."""

    def asked(**environment: str) -> list[str]:
        rooms = open_funnel(relay=False, **environment).rooms
        subject = Subject.of(app, rooms.settings, folders(rooms.settings.campaign, rooms.settings.funnel_file))
        return report.as_text(list(crm_rules.findings(subject, rooms.prices, rooms.permissions))).splitlines()

    return asked


def test_a_price_that_the_campaign_does_not_charge_is_told_at_its_line(
    ask: Callable[..., list[str]], tmp_path: Path
) -> None:
    (file := tmp_path / "funnel.toml").write_text(PLAIN.replace('price = "14.00"', 'price = "15.00"'))
    line = file.read_text().splitlines().index('price = "15.00"') + 1
    told = f"{file}:{line}  error  campaign  offers.bulbs.price: 15.00 here, 14.00 in the campaign"
    assert told in ask(FUNNEL_FILE=str(file))


def test_credentials_that_are_refused_are_told(ask: Callable[..., list[str]]) -> None:
    printed = "\n".join(ask(KONNEKTIVE_PASSWORD="another"))
    for call in ("Campaign Query", "Order Query", "Transactions Query"):
        assert f"error  credentials  {call}: it refuses the credentials" in printed


def test_a_call_that_is_not_allowed_is_told(crm: Crm, ask: Callable[..., list[str]]) -> None:
    crm.fault("/order/query/", "unknown_error")
    printed = "\n".join(ask())
    assert "error  credentials  Order Query: it refuses the call" in printed
    assert "Campaign Query: it" not in printed


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--crm",), 2)])
def test_a_crm_that_does_not_answer_is_told_and_fails_only_who_insists(
    crm: Crm, run: Callable[..., Result], options: tuple[str, ...], status: int
) -> None:
    crm.fault("/campaign/query/", "500")
    result = run(*options)
    assert result.exit_code == status
    assert f"{crm.url} could not be asked (illegible answer (HTTP 500)), so nothing was compared" in result.output


def test_json_has_the_same_findings(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "theme/templates/pages").mkdir(parents=True)
    (tmp_path / "theme" / PAGE).write_text("<img>")
    (file := tmp_path / "funnel.toml").write_text(PLAIN + OWN)
    result = run("--no-crm", "--format", "json", file=file)
    assert result.exit_code == 1
    alt = next(each for each in json.loads(result.stdout) if each["rule"] == "image-without-alt")
    assert (alt["file"], alt["line"], alt["severity"]) == (str(tmp_path / "theme" / PAGE), 1, "error")


def test_warnings_fail_only_a_strict_check(check: Check) -> None:
    found = check({}, '[upsell3]\noffer = "bulbs"')
    assert [each.severity for each in found] == ["warning"]
    assert not report.is_bad(found, strict=False)
    assert report.is_bad(found, strict=True)


def test_a_broken_funnel_toml_is_told_by_line_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "funnel.toml"
    file.write_text(PLAIN.replace('clicks = "once"', 'clicks = "onse"').replace('price = "14.00"', 'price = "free"'))
    lines = enumerate(file.read_text().splitlines(), 1)
    clicks, price = (number for number, line in lines if line.startswith(('clicks = "onse"', 'price = "free"')))
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "funnel", "check"],
        cwd=ROOT,
        env=environment(tmp_path, FUNNEL_FILE=str(file), PORT="none"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert f"{file}:{clicks}  error  settings  clicks: found 'onse'" in result.stdout
    assert f"{file}:{price}  error  settings  offers.bulbs.price" in result.stdout
    assert "environment  error  settings  PORT: found 'none'" in result.stdout
    assert "Traceback" not in result.stderr


def test_every_rule_has_a_fault_that_it_finds() -> None:
    elsewhere = {"settings", "drawing", "missing-translation", "example-testimonial", "missing-legal-link"}
    elsewhere |= {"campaign", "credentials", "not-asked"}
    planted = {rule for _, _, rule, _ in FAULTS} | {rule for _, rule, _ in TABLES} | elsewhere
    assert planted == set(RULES)
