"""What a survey writes: a page of HTML that needs no other file, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Any

import epnkit
from epnkit.epncore import vocabularies
from epnkit.epncore.rulebook import RULES
from epnkit.modules import requires_extra
from epnkit.survey.judge import Judgement

with requires_extra("plots"):
    from jinja2 import Environment, PackageLoader, StrictUndefined

#: How many granules of a finding the page shows.
_EXAMPLES = 3


def describe(judgements: Sequence[Judgement], now: datetime, source: str) -> dict[str, Any]:
    """Describe a survey as plain values, for JSON and for the page.

    Parameters
    ----------
    judgements : sequence of Judgement
        What became of each table.
    now : datetime.datetime
        When it ended.
    source : str
        Where the tables come from.
    """
    carried = [vocabularies.load(name) for name in vocabularies.NAMES]
    services = [_describe_one(each) for each in judgements]
    broken = Counter(rule["rule"] for service in services for rule in service["rules"])
    return {
        "made": now.isoformat(timespec="seconds"),
        "epnkit": epnkit.__version__,
        "source": source,
        "vocabularies": {each.name: each.version for each in carried},
        "states": dict(Counter(each.state for each in judgements)),
        "clean": sum(each.state == "judged" and not each.levels["MUST"] for each in judgements),
        "rules": [
            {"rule": number, "level": RULES[number].level, "text": RULES[number].text, "tables": n}
            for number, n in broken.most_common()
        ],
        "services": services,
    }


def write_json(survey: dict[str, Any]) -> str:
    """Write a survey as JSON."""
    return json.dumps(survey, indent=1, ensure_ascii=False) + "\n"


def write_page(survey: dict[str, Any]) -> str:
    """Write a survey as a page; every text in it is escaped."""
    environment = Environment(
        loader=PackageLoader("epnkit.survey"), autoescape=True, undefined=StrictUndefined
    )
    style = (files("epnkit.report") / "templates" / "style.css").read_text(encoding="utf-8")
    return environment.get_template("survey.html").render(survey=survey, style=style)


def _describe_one(judgement: Judgement) -> dict[str, Any]:
    findings = judgement.report.get("findings", ())
    numbers = sorted({each["rule"] for each in findings})
    return {
        "url": judgement.target.url,
        "table": judgement.target.table or _find_name(judgement),
        "state": judgement.state,
        "why": judgement.why,
        "seconds": round(judgement.seconds, 1),
        "levels": judgement.levels,
        "looked_at": judgement.report.get("looked_at", []),
        "rules": [_describe_rule(number, findings) for number in numbers],
        "advice": judgement.report.get("advice", []),
        "target": asdict(judgement.target),
    }


def _find_name(judgement: Judgement) -> str:
    """Find which table was read, if only its service was named."""
    url, _, table = str(judgement.report.get("target", "")).partition(" ")
    return table if url and table else "its only EPN-TAP table"


def _describe_rule(number: int, findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rule = RULES[number]
    own = [each for each in findings if each["rule"] == number]
    shown = [f"{each['granule'] or each['column']}: {each['message']}" for each in own[:_EXAMPLES]]
    return {
        "rule": number,
        "level": own[0]["level"],
        "text": rule.text,
        "section": rule.section,
        "cure": rule.cure,
        "count": len(own),
        "examples": shown,
    }
