"""What a run rests on, for ``--verbose``: what was said and found, which columns are taken, how many rules apply."""

from collections.abc import Iterator
from datetime import UTC, datetime

from calltools.messages import Language, say
from calltools.model.titles import redacted_titles
from calltools.rules.catalog import RULES
from calltools.workers.plan import RunPlan


def describe_assumptions(plan: RunPlan, language: Language) -> Iterator[str]:
    """Lines on how one file is going to be read."""
    said, nothing = plan.assumptions, say("verbose-not-said", language)
    yield say(
        "verbose-assumed",
        language,
        timezone=said.timezone or nothing,
        region=said.region or nothing,
        currency=said.currency or nothing,
        order=said.date_order or nothing,
        now=datetime.fromtimestamp(said.now, UTC).isoformat(" "),
    )
    taken = (f"{name} = {redacted_titles([title])}" for name, (title, _) in plan.layout.items())
    yield say("verbose-columns", language, columns=", ".join(taken))
    yield say("verbose-rules", language, count=len(list(plan.ruleset.rules())), all=len(RULES))
