"""Decides which Python runs the commands: the one that was called if it is new enough, else a newer one on the PATH.

Kept in syntax that an old Python can still read, so that it can say what is missing.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)


def require():
    """Return in a Python of at least ``OLDEST``, replacing the process by one if need be; end with one line if none is there."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in range(OLDEST[1] + 9, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # A version manager's shim may be on the PATH for a version that is not installed.
        if (
            found
            and subprocess.call([found, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
        ):
            os.execv(found, [found, *sys.argv])
    wanted = ".".join(str(part) for part in OLDEST)
    sys.exit(
        f"✗ Python {wanted} or later is needed, this is {sys.version.split()[0]}: install it, for example 'apt install python{wanted}'. "
        f"需要 Python {wanted} 或更高版本。"
    )
