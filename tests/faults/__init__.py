from __future__ import annotations

import pytest

for _name in ("clients", "cluster", "oracle"):  # so that a failure there tells what was compared
    pytest.register_assert_rewrite(f"tests.faults.{_name}")
