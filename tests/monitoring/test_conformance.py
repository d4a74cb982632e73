"""R-API: what the desk answers to made-up requests is what its description says."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.urls import get_resolver
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from apps.monitoring import health
from apps.monitoring.openapi.document import document, every_operation
from apps.monitoring.openapi.terms import MULTIPART
from apps.monitoring.together import Together
from config.asgi import application

from .program import METRICS_TOKEN, Program

EXAMPLES = 5  # made up for each address, besides those that the description's own bounds give
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]


async def here(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The desk, asked from this machine. Each request would begin and end it, which is for a server to do."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await application({**scope, "client": ("127.0.0.1", 50_000)}, receive, send)


def described() -> Any:
    """The description, taken so strictly that no more may be told. The same requests every time, and few enough:
    as multipart all other tests send their forms.
    """
    assert get_resolver().url_patterns  # with them come the pages that can be polled
    told = copy.deepcopy(document())
    for shape in told["components"]["schemas"].values():
        if "properties" in shape:
            shape.setdefault("additionalProperties", False)
    for methods in told["paths"].values():
        methods.get("post", {}).get("requestBody", {"content": {}})["content"].pop(MULTIPART, None)
    schema = schemathesis.openapi.from_dict(told)
    schema.app = here
    schema.config.generation.deterministic = True
    schema.config.generation.max_examples = EXAMPLES
    schema.config.generation.with_security_parameters = False
    schema.config.phases.coverage.unexpected_methods = {"DELETE", "PATCH"}
    return schema


SCHEMA = described()


@pytest.fixture
def program(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The background of /health belongs to one test."""
    settings.METRICS_TOKEN = METRICS_TOKEN
    pulse, together = health.Pulse(), Together()
    monkeypatch.setattr(health, "_pulse", pulse)
    monkeypatch.setattr(health, "together", together)
    yield Program()
    for task in (pulse.task, together.task):
        if task is not None:
            asyncio.run_coroutine_threadsafe(ended(task), task.get_loop()).result(10)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def conformance(name: str) -> Any:
    @SCHEMA.include(operation_id=name).parametrize()
    @settings(suppress_health_check=list(HealthCheck), deadline=None)
    def test(case: Case, program: Program) -> None:
        case.validate_response(program.ask(case), checks=CHECKS)

    return test


for (
    each
) in every_operation():  # by names of their own: pytest 9.2 calls all tests of one schema alike, and xdist runs one
    vars()[f"test_{each.name}_is_answered_as_described"] = conformance(each.name)
