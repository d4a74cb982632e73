"""The default rules, as for the alerts that open incidents."""

from __future__ import annotations

from tests.alerts.conftest import default_rules

__all__ = ["default_rules"]
