"""How a receiver's flood is put together. Each group is told by itself, and kept as told or not by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .models import Delivery

FLOOD = 5
MOST_IN_A_BATCH = 250

Groups = list[list[Any]]


def one_by_one(due: Sequence[Any]) -> Groups:
    return [[each] for each in due]


def as_one(due: Sequence[Any]) -> Groups:
    """People get a flood as one message."""
    return [list(due)] if len(due) > FLOOD else one_by_one(due)


def in_batches(due: Sequence[Any]) -> Groups:
    """Programs that take lists get it in few."""
    if len(due) <= FLOOD:
        return one_by_one(due)
    return [list(due[start : start + MOST_IN_A_BATCH]) for start in range(0, len(due), MOST_IN_A_BATCH)]


def by_rule(due: Sequence[Delivery]) -> Groups:
    """Where each event goes alone: of a rule's alerts that came and went meanwhile one group, whatever else by itself.

    Only these can go together. An alert that is open must be resolved by its own key later, and the end of one
    that was told must name it.
    """
    if len(due) <= FLOOD:
        return one_by_one(due)
    told: dict[int, set[str]] = defaultdict(set)
    for each in due:
        told[each.alert_id].add(each.what)
    groups: dict[tuple[str, int], list[Delivery]] = defaultdict(list)
    for each in due:
        is_over = len(told[each.alert_id]) == len(Delivery.What)
        groups[("rule", each.alert.rule_id) if is_over else ("delivery", each.pk)].append(each)
    return list(groups.values())
