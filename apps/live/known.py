"""Numbers that pages need of a user: each has its own query, and many are read with the user when a socket opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import OuterRef, QuerySet, Subquery


class Known:
    """`rows` gives, for a user's id or a reference to one, what to take the first of."""

    registry: ClassVar[list[Known]] = []

    def __init__(self, name: str, rows: Callable[[Any], QuerySet[Any, int]]) -> None:
        self.name, self.rows = f"known_{name}", rows
        self.registry.append(self)

    def of(self, user: Any) -> int | None:
        """As it was when the user was read, if it was read then; else as it is now."""
        if self.name in vars(user):
            number: int | None = vars(user)[self.name]
            return number
        return self.rows(user.pk).first()

    @property
    def beside_user(self) -> Subquery:
        return Subquery(self.rows(OuterRef("pk"))[:1])


def known_beside_user() -> dict[str, Subquery]:
    """All of them, to annotate users with."""
    return {known.name: known.beside_user for known in Known.registry}
