"""What the commands tell the person at the terminal: one line for each thing, in English and Chinese."""

import sys
from typing import NoReturn

# A terminal that knows no Chinese shows question marks instead of ending the command.
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="replace")


def step(english: str, chinese: str) -> None:
    """Tell what happens next."""
    print(f"• {english}  {chinese}", flush=True)


def note(english: str, chinese: str) -> None:
    """Tell what the person should know but need not act on."""
    print(f"! {english}  {chinese}", file=sys.stderr, flush=True)


def fail(english: str, chinese: str) -> NoReturn:
    """End the command with one line that says what is missing and how to mend it."""
    sys.exit(f"✗ {english}  {chinese}")
