"""What processes tell through Redis, by name, until they fall silent: a hash of words, and when each was heard last.

Parts of Lua scripts; the keys are the hash and its times, by Redis's own clock.
"""

from __future__ import annotations

EVERY = 2.0
FORGOTTEN = 6.0  # seconds after its last word: three were missed

NOW = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
"""
TOLD = (
    NOW
    + """
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('EXPIRE', KEYS[1], 60)
redis.call('EXPIRE', KEYS[2], 60)
"""
)
"""Takes what the process ARGV[2] says, ARGV[3]."""
SWEPT = """
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[1]))) do
  redis.call('HDEL', KEYS[1], gone)
  redis.call('ZREM', KEYS[2], gone)
end
"""
"""Forgets whom nobody has heard for ARGV[1] seconds."""
