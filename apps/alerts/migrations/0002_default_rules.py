from __future__ import annotations

from typing import Any

from django.db import migrations

# name, metric, threshold, clear, window s, for s, severity
RULES = [
    ("Error rate above 5 %", "error_rate", 0.05, 0.04, 60, 0, "critical"),
    ("P99 above 2 s", "p99_ms", 2000, 1500, 60, 0, "critical"),
    ("Five failed health checks", "unhealthy", 0.5, 0.5, 10, 40, "critical"),
    ("Error rate above 1 %", "error_rate", 0.01, 0.008, 60, 60, "warning"),
    ("P95 above 500 ms", "p95_ms", 500, 400, 60, 60, "warning"),
    ("Reconnect rate above 10 %", "reconnect_rate", 0.1, 0.05, 300, 0, "warning"),
    ("A deploy", "deploys", 0, 0, 60, 0, "info"),
    ("A change in the admin", "changes", 0, 0, 60, 0, "info"),
    ("More than 1,000 connections", "connections", 1000, 900, 60, 0, "info"),
]


def make(apps: Any, schema_editor: Any) -> None:
    names = ("name", "metric", "threshold", "clear", "window_s", "lasting_s", "severity")
    rule = apps.get_model("alerts", "Rule")
    for row in RULES:
        facts = dict(zip(names, row, strict=True))
        rule.objects.get_or_create(name=facts.pop("name"), defaults=facts)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_alerts")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
