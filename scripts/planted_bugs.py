"""Plants bugs in the code that charges, one at a time in a copy of the tree, and shows which test catches each.

    .venv/bin/python scripts/planted_bugs.py [NAME …]

Without names it plants all of them, which takes some minutes. It ends with status 1 when a bug survives, and at
once when a text to be replaced is not there exactly once: then the code has moved on, and the bug has to follow.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
AT_A_TIME = 2
LONGEST = 900  # seconds for the tests of one bug
PASSED, FAILED = 0, 1  # pytest's exit statuses

ROOMS = "tests/test_store_rooms.py"
HTTP = "tests/test_charged_once.py"
EVERY = "tests/test_protocol_exhaustive.py"  # every interleaving, of which an ordinary run takes a sample
TESTS = ("tests/test_judge.py", "tests/test_charging.py", ROOMS, HTTP, "tests/test_protocol_random.py", EVERY)
PRESSES = ROOMS + "::test_of_many_presses_at_once_one_is_claimed"
OFFERS = ROOMS + "::test_of_two_offers_in_two_tabs_one_is_in_flight_at_a_time"
DECLINES = ROOMS + "::test_after_declines_a_new_press_may_try_up_to_the_limit"
SILENCE = HTTP + "::test_no_charge_is_told_only_after_the_quiet_time"
UPSELL = HTTP + "::test_an_upsell_without_an_answer_leads_on_to_the_receipt"


@dataclass(frozen=True)
class Change:
    """One text of one file; it must be there exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """What somebody could get wrong. `first` is the test, or the file, that catches it soonest; the others follow."""

    name: str
    first: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Result:
    """`caught_by` is the test that failed, None when all passed; `trouble` says why neither can be told."""

    bug: Bug
    caught_by: str | None
    seconds: float
    trouble: str = ""


def bug(name: str, first: str, *changes: Change) -> Bug:
    return Bug(name, first, changes)


ATTEMPT, ATTEMPTS, STORE = "funnel/attempt.py", "funnel/attempts.py", "funnel/store.py"
CHARGING, JUDGE, RELAY = "funnel/charging.py", "funnel/judge.py", "funnel/relay.py"

LIVE_CHECK = """\
        if live := next((attempt for attempt in mine if attempt.slot == slot and attempt.state.live), None):
            return Claim(live)
"""
BUSY_CHECK = """\
        if any(attempt.state.unresolved for attempt in mine):
            return Claim(refusal=Refusal.BUSY)
"""
LIVE_INDEX = '_one_only("one_live_attempt", LIVE, attempts.c.visit_id, attempts.c.slot)\n'
BUSY_INDEX = '_one_only("one_in_flight", IN_FLIGHT, attempts.c.visit_id)\n'
ROWS_OF_VISIT = "mine = _rows(connection, attempts.c.visit_id == visit_id)\n"
OWN_ROWS = "        mine = [row for row in mine if row.key in self._claimed or not row.state.in_flight]\n"
DECLINE_LIMIT = "        self._decline_limit = decline_limit\n"
CLAIMED_NOW = "            if inserted and attempt:\n"
RECOVER_SENT = 'unknown = {"state": State.UNKNOWN, "ask_at": now'
MARK = """\
        if not self._attempts.mark_sent(charge.key, order_id, lease=self._deadlines.send + LEASE_MARGIN):
            return
"""
MARK_UNASKED = "        self._attempts.mark_sent(charge.key, order_id, lease=self._deadlines.send + LEASE_MARGIN)\n"
STOOD_STILL = """\
        if self._clock() > lapses:  # the machine stood still: by now others may have judged this attempt
            return
"""
SEND = "        verdict = self._outcome(charge, replace(attempt, order_id=order_id))\n"
NO_SEAT = "        if not self._seats.acquire(blocking=False):\n"
SEAT_BACK = "        finally:\n            self._seats.release()\n"
SEAT_BACK_AT_ONCE = "        else:\n            self._seats.release()\n"
LOOK_FAILED = "            return attempt\n\n    def _begin"
SEND_ONCE = "        return self._make(call, read_charge, self._wire.fresh, seconds)\n"
SEND_TWICE = """\
        try:
            return self._make(call, read_charge, self._wire.fresh, seconds)
        except CrmError as error:
            if isinstance(error, Refused) or not error.may_have_charged:
                raise
            return self._make(call, read_charge, self._wire.fresh, seconds)
"""
OWN_ORDER_CHARGED = "reply.orderId == attempt.order_id and reply.charged"
WAIT_FOR_QUIET = """\
        if attempt.settle_at is None or asked_at < attempt.settle_at:
            return None
"""
DECLINED_ORDER = """\
        if attempt.slot == ORDER and order.orderStatus == DECLINED:
            return Verdict(State.DECLINED, Reason.DECLINED)
"""
SETTLE_THE_ASKED = "            self._attempts.settle(attempt.key, verdict, seen=UNRESOLVED)\n"
SEND_AGAIN = """\
            if attempt.slot != "order" and attempt.package and verdict.reason:
                lost = ImportUpsale(orderId=attempt.order_id or "", productId=attempt.package.productId)
                self._client.import_upsale(lost)
"""
SAME_OFFER = "if rest == [visit_id, slot, _digest(packages)]"
CARD_IS_BLANK = '        return ""\n\n    def forget'

NO_CHECKS = (Change(ATTEMPTS, LIVE_CHECK, ""), Change(ATTEMPTS, BUSY_CHECK, ""))
NO_INDEXES = (Change(STORE, LIVE_INDEX, ""), Change(STORE, BUSY_INDEX, ""))

# Rules whose loss doubled charges, or unbalanced the books, when the protocol was first tried.
RULES = (
    bug(
        "no-claim",
        HTTP,
        *NO_CHECKS,
        *NO_INDEXES,
        Change(ATTEMPTS, "return Claim(known) if", "return Claim(known, mine=True) if"),
        Change(ATTEMPTS, "key, (State.CLAIMED,), state=State.SENT", "key, tuple(State), state=State.SENT"),
    ),
    bug("claim-by-key-only", PRESSES, *NO_CHECKS, *NO_INDEXES),
    bug(
        "claim-in-memory",
        ROOMS + "::test_an_adopted_order_is_asked_about_before_anything_else",
        Change(ATTEMPTS, DECLINE_LIMIT, DECLINE_LIMIT + "        self._claimed: set[str] = set()\n"),
        Change(ATTEMPTS, CLAIMED_NOW, CLAIMED_NOW + "                self._claimed.add(key)\n"),
        Change(ATTEMPTS, ROWS_OF_VISIT, ROWS_OF_VISIT + OWN_ROWS),
        *NO_INDEXES,
    ),
    bug("timeout-is-failure", EVERY, Change(JUDGE, "if isinstance(error, NotSent):", "if not error.answered:")),
    bug(
        "client-retries",
        HTTP + "::test_a_charge_whose_answer_is_lost_is_found",
        Change("funnel/crm/client.py", SEND_ONCE, SEND_TWICE),
    ),
    bug(
        "recovered-as-failed",
        ROOMS + "::test_an_abandoned_charge_is_unknown_until_the_quiet_time_has_passed",
        Change(ATTEMPTS, RECOVER_SENT, RECOVER_SENT.replace("UNKNOWN", "NOT_CHARGED")),
    ),
    bug("partial-believed-at-once", EVERY, Change(JUDGE, WAIT_FOR_QUIET, "")),
    bug("lost-claim-ignored", EVERY, Change(CHARGING, MARK, MARK_UNASKED)),
    bug("quiet-time-too-short", EVERY, Change(JUDGE, "self._quiet_time = quiet_time", "self._quiet_time = read_lag")),
    bug("no-read-lag", EVERY, Change(JUDGE, "self._read_lag = read_lag", "self._read_lag = 0.0")),
    bug("no-in-flight-index", OFFERS, Change(STORE, BUSY_INDEX, "")),
    bug("sent-before-marked", EVERY, Change(CHARGING, MARK + STOOD_STILL + SEND, SEND + MARK)),
    bug(
        "baseline-zero",
        ROOMS + "::test_a_second_upsell_of_the_same_product_counts_from_what_is_paid",
        Change(ATTEMPTS, "baseline=self._charged_quantity(", "baseline=0 and ("),
    ),
)

MORE = (
    bug("no-live-index", PRESSES, Change(STORE, LIVE_INDEX, "")),
    bug("two-in-flight", OFFERS, Change(ATTEMPTS, BUSY_CHECK, ""), Change(STORE, BUSY_INDEX, "")),
    bug("declines-count-as-live", DECLINES, Change(ATTEMPT, '"NEEDS_HUMAN")\n', '"NEEDS_HUMAN", "DECLINED")\n')),
    bug("needs-human-frees-the-slot", EVERY, Change(ATTEMPT, '"CHARGED", "NEEDS_HUMAN")\n', '"CHARGED")\n')),
    bug(
        "needs-human-is-not-asked-about",
        EVERY,
        Change(ATTEMPT, "AWAIT_REDIRECT, State.NEEDS_HUMAN)", "AWAIT_REDIRECT)"),
    ),
    bug(
        "charged-is-taken-back",
        ROOMS + "::test_late_truth_wins_and_is_never_taken_back",
        Change(ATTEMPTS, "(attempts.c.key == key) & attempts.c.state.in_(seen)", "attempts.c.key == key"),
    ),
    bug("decline-limit-off", DECLINES, Change(ATTEMPTS, "if declines >= self._decline_limit", "if declines < 0")),
    bug(
        "upsell-without-charged-order",
        ROOMS + "::test_an_upsell_needs_a_charged_order",
        Change(ATTEMPTS, "if slot != ORDER and not any(", "if not slot and not any("),
    ),
    bug(
        "lost-upsells-are-offered-again",
        HTTP + "::test_with_the_store_lost_an_accepted_offer_is_not_made_again",
        Change(ATTEMPT, " and self.package is not None", ""),
    ),
    bug("another-order-id-believed", EVERY, Change(JUDGE, OWN_ORDER_CHARGED, "reply.charged")),
    bug("partial-success-believed", EVERY, Change(JUDGE, OWN_ORDER_CHARGED, "reply.orderId == attempt.order_id")),
    bug(
        "declined-order-believed-early",
        EVERY,
        Change(JUDGE, WAIT_FOR_QUIET + DECLINED_ORDER, DECLINED_ORDER + WAIT_FOR_QUIET),
    ),
    bug("redirect-settled-early", EVERY, Change(JUDGE, "settle_at=now + self._redirect_time", "settle_at=now")),
    bug(
        "giving-up-is-not-charged",
        EVERY,
        Change(JUDGE, "return Verdict(State.NEEDS_HUMAN) if", "return Verdict(State.NOT_CHARGED) if"),
    ),
    bug("upsell-seen-without-evidence", EVERY, Change(JUDGE, "> attempt.baseline", ">= attempt.baseline")),
    bug("late-charge-not-recorded", EVERY, Change(CHARGING, "(State.SENT, State.UNKNOWN)", "(State.SENT,)")),
    bug("sent-after-standing-still", EVERY, Change(CHARGING, STOOD_STILL, "")),
    bug("seat-leaked-by-a-charge", HTTP, Change(CHARGING, SEAT_BACK, "        finally:\n            pass\n")),
    bug("seat-leaked-by-a-second-press", HTTP, Change(CHARGING, SEAT_BACK_AT_ONCE, "")),
    bug(
        "full-is-not-refused",
        HTTP,
        Change(CHARGING, NO_SEAT, "        self._seats.acquire()\n        if not charge.key:\n"),
    ),
    bug(
        "failed-look-is-not-charged",
        HTTP,
        Change(CHARGING, LOOK_FAILED, LOOK_FAILED.replace("return attempt", "raise")),
    ),
    bug(
        "recovery-sends",
        UPSELL,
        Change(RELAY, "import OrderQuery\n", "import ImportUpsale, OrderQuery\n"),
        Change(RELAY, SETTLE_THE_ASKED, SETTLE_THE_ASKED + SEND_AGAIN),
    ),
    bug("reset-after-sending-is-not-sent", SILENCE, Change("funnel/crm/flight.py", "if not self.up:", "if not late:")),
    bug(
        "unknown-refusal-is-final",
        SILENCE,
        Change("funnel/crm/errors.py", "may_have_charged = kind is Kind.UNKNOWN", "may_have_charged = False"),
    ),
    bug(
        "foreign-order-adopted",
        ROOMS + "::test_an_order_id_belongs_to_one_visit_for_good",
        Change(STORE, 'Column("order_id", String(64), unique=True)', 'Column("order_id", String(64))'),
    ),
    bug(
        "lead-not-set-apart",
        HTTP + "::test_two_shoppers_whom_the_crm_gives_the_same_partial_pay_their_own_orders",
        Change("funnel/delivery.py", "replace(call, disableCustomerDedup=True, ipAddress=None)", "replace(call)"),
    ),
    bug(
        "token-not-bound-to-visit",
        HTTP + "::test_the_forms_token_is_bound_to_visit_page_and_price",
        Change("funnel/pay_token.py", SAME_OFFER, "if rest[1:] == [slot, _digest(packages)]"),
    ),
    bug(
        "token-not-bound-to-price",
        HTTP + "::test_a_price_that_changed_meanwhile_is_shown_and_not_charged",
        Change("funnel/pay_token.py", SAME_OFFER, "if rest[:2] == [visit_id, slot]"),
    ),
    bug(
        "card-is-drawn-again",
        HTTP + "::test_a_declined_card_can_be_mended_and_is_said_kindly",
        Change("funnel/fields.py", CARD_IS_BLANK, CARD_IS_BLANK.replace('""', "self.data")),
        Change("funnel/pages/checkout.py", "    form.forget_card()\n", ""),
    ),
    bug(
        "lost-store-shows-a-form",
        HTTP + "::test_with_the_store_lost_the_crm_is_asked_before_any_form",
        Change("funnel/flow.py", "            if kept.order_id:\n", "            if not kept.id:\n"),
    ),
    bug(
        "cookie-learns-the-order-late", HTTP, Change("funnel/web.py", 'if request.method == "POST":', "if not current:")
    ),
    bug(
        "offers-go-on-while-unresolved",
        UPSELL,
        Change("funnel/steps.py", "if progress.upsell_unresolved or not", "if not"),
    ),
)

BUGS = RULES + MORE


def main(names: Sequence[str]) -> int:
    chosen = [bug for bug in BUGS if not names or bug.name in names]
    if unknown := set(names) - {bug.name for bug in chosen}:
        sys.exit(f"No such bug: {', '.join(sorted(unknown))}. There are: {', '.join(bug.name for bug in BUGS)}")
    with tempfile.TemporaryDirectory(prefix="planted-bugs-") as folder, ThreadPoolExecutor(AT_A_TIME) as threads:
        clean = _copy(Path(folder) / "clean")
        if missing := [told for bug in chosen for change in bug.changes if (told := _misplaced(bug, change, clean))]:
            sys.exit("\n".join(missing))
        print(f"{'bug':40}{'s':>5}  caught by", flush=True)
        results = []
        for done in as_completed([threads.submit(_try, bug, clean) for bug in chosen]):
            results.append(done.result())
            print(_row(results[-1]), flush=True)
    survived = sum(result.caught_by is None for result in results)
    print(f"{len(results)} bugs, {survived} not caught")
    return 1 if survived else 0


def _copy(target: Path) -> Path:
    """The tree as it stands, without what git ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def _misplaced(bug: Bug, change: Change, clean: Path) -> str | None:
    count = (clean / change.file).read_text().count(change.old)
    return None if count == 1 else f"{bug.name}: {count} times, not once, in {change.file}:\n{change.old}"


def _try(bug: Bug, clean: Path) -> Result:
    started = time.monotonic()
    tree = clean.with_name(bug.name)
    shutil.copytree(clean, tree)
    for change in bug.changes:
        file = tree / change.file
        file.write_text(file.read_text().replace(change.old, change.new))
    ran = _pytest(tree, bug.first)
    if ran.returncode == PASSED:
        ran = _pytest(tree, *(name for name in TESTS if name != bug.first and (tree / name).exists()))
    caught_by, trouble = _failed(ran.stdout) if ran.returncode == FAILED else None, ""
    if not caught_by and ran.returncode != PASSED:
        trouble = f"pytest ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
    # A test that fails without the bug as well has caught nothing.
    if caught_by and not _passes(clean, caught_by):
        trouble, caught_by = f"{caught_by} fails without the bug too", None
    return Result(bug, caught_by, time.monotonic() - started, trouble)


@cache
def _passes(clean: Path, test: str) -> bool:
    tree = shutil.copytree(clean, Path(tempfile.mkdtemp(dir=clean.parent)), dirs_exist_ok=True)
    return _pytest(tree, test).returncode == PASSED


def _pytest(tree: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests]
    bounds = [f"--session-timeout={LONGEST}", f"--basetemp={tree / 'scratch'}"]
    return subprocess.run([*command, *bounds], cwd=tree, check=False, capture_output=True, text=True)


def _failed(output: str) -> str | None:
    """The first test that pytest's summary names, with its parameters."""
    lines = (line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR ")))
    return next((line.split(" ", 1)[1].split(" - ")[0] for line in lines), None)


def _row(result: Result) -> str:
    caught_by = result.caught_by.replace("tests/", "", 1) if result.caught_by else result.trouble or "NOBODY"
    return f"{result.bug.name:40}{result.seconds:5.0f}  {caught_by}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
