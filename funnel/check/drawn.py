"""Every page in every mood, drawn: what fails then, and what only stands in the page once macros have written it."""

import traceback
from collections.abc import Iterable, Iterator

from funnel.check import asset_rules, form_rules
from funnel.check.finding import Finding, finding
from funnel.check.subject import Rule, Subject, Template
from funnel.scenes.scene import Scene
from funnel.scenes.stage import Stage

OF_PAGES: tuple[Rule, ...] = (
    form_rules.form_without_token,
    form_rules.form_without_attempt,
    form_rules.remote_form,
    form_rules.field_without_label,
    form_rules.field_without_autocomplete,
    asset_rules.missing_file,
    asset_rules.image_without_alt,
    asset_rules.image_without_size,
    asset_rules.broken_link,
)
KEEP_FROM_DRAWING = ("syntax", "unknown-variable", "unknown-filter", "missing-template")


def findings(subject: Subject, stage: Stage, told: Iterable[Finding]) -> list[Finding]:
    """Each fault once, with the first scene that shows it; what is told of a template by itself is not told again."""
    known = {each.place for each in told if each.rule in KEEP_FROM_DRAWING}
    found: dict[tuple[str, str, str], Finding] = {}
    for scene in stage.scenes():
        for each in _of(subject, stage, scene):
            if each.rule != "drawing":
                found.setdefault((each.place, each.rule, each.message), each)
            elif each.place not in known:  # its message names the scene, so each would be another
                found.setdefault((each.place, each.rule, ""), each)
    return list(found.values())


def _of(subject: Subject, stage: Stage, scene: Scene) -> Iterator[Finding]:
    try:
        html = stage.draw(scene).get_data(as_text=True)
    except Exception as error:
        yield _failure(subject, scene, error)
        return
    page = Template(f"pages/{scene.page}.html", _file(subject, scene), html, own=False, tree=None)
    for rule in OF_PAGES:
        yield from (finding(each.rule, each.file, None, each.message) for each in rule(subject, page))


def _failure(subject: Subject, scene: Scene, error: Exception) -> Finding:
    """At the last line of a template that was reached."""
    frames = traceback.extract_tb(error.__traceback__)
    files = {each.path: each.file for each in subject.templates}
    place = next((frame for frame in reversed(frames) if frame.filename in files), None)
    words = f"{scene.name} cannot be drawn: {error or type(error).__name__}"
    if place is None:
        return finding("drawing", _file(subject, scene), None, words)
    return finding("drawing", files[place.filename], place.lineno, words)


def _file(subject: Subject, scene: Scene) -> str:
    template = subject.named(f"pages/{scene.page}.html")
    return template.file if template else f"/gallery, {scene.name}"
