"""`manage.py serve` that waits for requests, when it is told to end, one second, and for its threads three."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from config import drain

REQUESTS_END, BACKSTOP = 1.0, 3.0

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    drain.REQUESTS_END, drain.BACKSTOP = REQUESTS_END, BACKSTOP  # before the server takes them from there
    execute_from_command_line(sys.argv)
