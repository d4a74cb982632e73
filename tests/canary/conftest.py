from __future__ import annotations

from tests.alerts.conftest import default_rules, receiver

__all__ = ["default_rules", "receiver"]
