"""The words in which an address is described: who may ask, what with, and every answer that can come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Schema = dict[str, Any]
Answers = dict[int, Schema]

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"


class Door(Enum):
    """How one who is not signed in is met."""

    OPEN = "open"
    SIGNED_IN = "sent to sign in, or told so in JSON"
    OUTSIDE = "answered before Django: by nothing else than its own answers"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address; `answers` by HTTP status are those of its own, the common ones are added."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    answers: Answers
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    door: Door = Door.SIGNED_IN
    security: tuple[str, ...] = ()


def get(
    path: str,
    name: str,
    tag: str,
    summary: str,
    answers: Answers,
    *parts: Schema,
    door: Door = Door.SIGNED_IN,
    security: tuple[str, ...] = (),
) -> Operation:
    return Operation("get", path, name, tag, summary, answers, parts, None, door, security)


def post(
    path: str,
    name: str,
    tag: str,
    summary: str,
    answers: Answers,
    body: Schema | None,
    *parts: Schema,
    door: Door = Door.SIGNED_IN,
) -> Operation:
    return Operation("post", path, name, tag, summary, answers, parts, body, door)


def ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def schema(name: str) -> Schema:
    return ref("schemas", name)


def words(about: str = "", **rules: Any) -> Schema:
    """A text, with JSON Schema's rules for it; `example` is one that is good."""
    if "example" in rules:
        rules["examples"] = [rules.pop("example")]
    return {"type": "string", **({"description": about} if about else {}), **rules}


def choice(values: Iterable[Any], about: str = "", **rules: Any) -> Schema:
    """One of the values, as a program spells them."""
    return words(about, enum=[str(getattr(value, "value", value)) for value in values], **rules)


def whole(about: str = "", least: int = 0, most: int | None = None) -> Schema:
    found: Schema = {"type": "integer", "minimum": least, **({"description": about} if about else {})}
    return found if most is None else {**found, "maximum": most}


def record(properties: Mapping[str, Schema], needed: Iterable[str] | None = None) -> Schema:
    """An object with all of these properties, or at least the needed ones."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if needed is None else needed),
    }


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def query(name: str, rules: Schema, *, required: bool = False) -> Schema:
    return parameter("query", name, rules, required=required)


def in_path(name: str, rules: Schema) -> Schema:
    return parameter("path", name, rules, required=True)


def parameter(place: str, name: str, rules: Schema, *, required: bool) -> Schema:
    """Where it stands, its name, and its rules; their description becomes the parameter's."""
    rest = {key: value for key, value in rules.items() if key != "description"}
    told: Schema = {"description": rules["description"]} if "description" in rules else {}
    return {"name": name, "in": place, "required": required, **told, "schema": rest}


HTMX = ref("parameters", "Htmx")


def form(
    fields: Mapping[str, Schema], needed: Iterable[str] = (), *, by_json: bool = False, example: Schema | None = None
) -> Schema:
    """A body of fields; `by_json` where a JSON object of the same fields is read as well."""
    shape = record(fields, needed)
    rest: Schema = {"example": example} if example else {}
    content = {kind: {"schema": shape, **rest} for kind in (FORM, MULTIPART)}
    if by_json:
        loose = {name: as_json(rules) for name, rules in fields.items()}
        content[JSON] = {"schema": record(loose, needed), **rest}
    return {"required": bool(shape["required"]), "content": content}


def as_json(rules: Schema) -> Schema:
    """A field of a JSON body: null is none, and a number is read digit by digit, as its text would be."""
    if "enum" in rules:
        return {**rules, "type": ["string", "null"], "enum": [*rules["enum"], None]}
    kinds = ["string", "number", "null"] if rules.get("format") == "decimal" else ["string", "null"]
    return {**rules, "type": kinds}


def answer(about: str, *contents: Schema, **headers: Schema) -> Schema:
    """An answer with a body in any of these content types; a header's name has _ for -."""
    found: Schema = {"description": about}
    if headers:
        found["headers"] = {name.replace("_", "-"): rules for name, rules in headers.items()}
    if contents:
        found["content"] = {kind: body for content in contents for kind, body in content.items()}
    return found


def header(about: str, rules: Schema, *, required: bool = True) -> Schema:
    return {"description": about, "required": required, "schema": rules}


def html() -> Schema:
    return {"text/html": {"schema": {"type": "string"}}}


def plain() -> Schema:
    return {"text/plain": {"schema": {"type": "string"}}}


def json(rules: Schema) -> Schema:
    return {JSON: {"schema": rules}}


def moved(about: str) -> Schema:
    """302 with an empty body."""
    return answer(about, html(), Location=header("where to", words()))
