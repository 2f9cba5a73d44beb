"""The packaged rules."""

from __future__ import annotations

import re

from epnkit.epncore.rulebook import ENFORCED, RULES


def test_all_rules_are_there() -> None:
    assert sorted(RULES) == list(range(1, 121))


def test_each_rule_is_decided_with_a_cure_or_left_with_a_reason() -> None:
    for rule in RULES.values():
        assert bool(rule.judged_by) == bool(rule.cure) != bool(rule.reason), rule
        assert re.match(r"\d(\.\d)*(, \d(\.\d)*)*$", rule.section), rule


def test_rules_that_refuse_a_row_are_few_and_known() -> None:
    assert {12, 13, 20, 31, 36, 43, 48, 52, 60, 64, 68, 73, 76, 83, 84, 95, 118, 119} == ENFORCED
