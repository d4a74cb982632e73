from __future__ import annotations

from typing import Any

from django.db import migrations

# name, metric, threshold, clear, window s, for s, severity
RULES = [
    ("Canary failed twice in a row", "canary_failures", 1, 0, 10, 0, "critical"),
    ("Canary P95 above 2 s", "canary_p95_ms", 2000, 1500, 10, 0, "warning"),
]


def make(apps: Any, schema_editor: Any) -> None:
    names = ("name", "metric", "threshold", "clear", "window_s", "lasting_s", "severity")
    rule = apps.get_model("alerts", "Rule")
    for row in RULES:
        facts = dict(zip(names, row, strict=True))
        rule.objects.get_or_create(name=facts.pop("name"), defaults=facts)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0006_span_counts")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
