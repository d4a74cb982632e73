"""Frames that no page would send: broken by the rules of RFC 6455, or by the desk's own vocabulary."""

from __future__ import annotations

import json
import random
import struct

WORDS = [
    b"hi",
    b"{}",
    b"[",
    b"null",
    b"true",
    b"9" * 400,
    b'{"type":"x"}',
    b'{"type":null}',
    b'{"type":["hidden"]}',
    b'{"type":"hidden"}',
    b'{"type":"hidden","value":1}',
    b'{"type":"hidden","value":true,"more":1}',
    b'{"type":"ack"}',
    b'{"type":"ack","seq":-1}',
    b'{"type":"ack","ts":1e400}',
    b'{"type":"ping","ts":NaN}',
    b'{"HEADERS":null}',
    b"[" * 2000,
    b'{"a":' * 500,
    b'"\\ud800"',
    "\u202e<script>".encode(),
    b"\x00" * 50,
]
KINDS = ["hidden", "ack", "ping", "pong", "seen", "resume", "sub", "order", "", "type"]
VALUES = [None, True, False, 0, -1, 1.5, 2**70, "", "x" * 300, [], {}, [[]], {"type": "hidden"}]


def masked(payload: bytes, first: int = 0x81) -> bytes:
    """A client's frame, whole and well formed but for what `first` says."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + payload


def frame(dice: random.Random) -> bytes:
    """Half of them speak, but nonsense; the others do not even keep to the protocol."""
    chance = dice.random()
    noise = dice.randbytes(dice.choice([0, 1, 5, 40, 120]))
    if chance < 0.3:
        return masked(dice.choice(WORDS))
    if chance < 0.5:
        said = {"type": dice.choice(KINDS)} | {dice.choice(["value", "seq", "ts", "kind"]): dice.choice(VALUES)}
        return masked(json.dumps(said).encode())
    if chance < 0.6:
        return masked(noise)  # as text: mostly not UTF-8
    if chance < 0.7:
        return masked(noise, 0x82)
    if chance < 0.75:
        return masked(b"x" * dice.choice([16_385, 70_000]))
    if chance < 0.8:
        return struct.pack("!BBQ", 0x81, 0x80 | 127, dice.choice([2**31, 2**62, 2**63 + 1])) + bytes(4)
    opcode, final = dice.getrandbits(4), dice.getrandbits(1) << 7
    reserved = dice.getrandbits(3) << 4 if dice.random() < 0.2 else 0
    if dice.random() < 0.1:
        return bytes([final | reserved | opcode, min(len(noise), 125)]) + noise[:125]  # not masked
    return masked(noise[:125], final | reserved | opcode)
