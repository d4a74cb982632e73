"""Where a secret belongs. It opens there and nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """`model` as Django labels it (`alerts.channel`), `row` its primary key as text, `field` its column."""

    model: str
    row: str
    field: str

    def context(self) -> dict[str, str]:
        """The names, as AWS KMS takes them; its CloudTrail shows them in clear, so no value is among them."""
        return {"model": self.model, "row": self.row, "field": self.field}

    def bytes_with(self, *more: str) -> bytes:
        """Associated data: JSON, so that no two places, or other words beside them, read the same."""
        return json.dumps(["livedesk", self.model, self.row, self.field, *more]).encode()
