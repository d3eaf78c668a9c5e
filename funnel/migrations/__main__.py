"""python -m funnel.migrations [--show]: what `flask funnel migrate` runs, on the database of DATABASE_URL.

A process of its own, so that no web worker carries Alembic.
"""

import argparse
import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from funnel.migrations.upgrade import Misfit, Plan, migrate, pending
from funnel.store import schema
from funnel.store.store import Store


def main(arguments: list[str]) -> int:
    """The exit status."""
    options = argparse.ArgumentParser(prog="python -m funnel.migrations", description=__doc__)
    options.add_argument("--show", action="store_true", help="only tell what would be done")
    show: bool = options.parse_args(arguments).show
    store = Store(os.environ["DATABASE_URL"])
    try:
        plan = pending(store) if show else migrate(store)
    except (Misfit, OSError, SQLAlchemyError) as reason:
        print(f"The database was left as it was: {_plain(reason)}", file=sys.stderr)
        return 1
    finally:
        store.close()
    print("\n".join(told(plan, show=show)))
    return 0


def told(plan: Plan, *, show: bool) -> list[str]:
    """The plan, in plain words."""
    lines = ["The tables had no version yet; they are those of 0001."] if plan.adopted else []
    lines += [f"{'To come' if show else 'Done'}: {step.revision}, {step.words}" for step in plan.steps]
    if plan.found and plan.found > schema.HEAD:
        return [*lines, f"The database is at version {plan.found}, newer than this code. Nothing to do."]
    if show:
        return [*lines, f"{len(plan.steps)} to come. The database is {_where(plan)}."]
    return [*lines, f"The database is at version {schema.HEAD}." + ("" if lines else " Nothing to do.")]


def _where(plan: Plan) -> str:
    return f"at version {plan.found}" if plan.found else "empty"


def _plain(reason: Exception) -> str:
    return str(getattr(reason, "orig", None) or reason).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
