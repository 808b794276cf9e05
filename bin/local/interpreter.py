"""Decides which Python runs the commands: the one that was called if it is new enough, else a newer one on the PATH. One that was
built without optimisation, as version managers do unless they are asked, gives way to the system's own, which takes a
third less time for plain Python work.

Kept in syntax that an old Python can still read, so that it can say what is missing.
"""

import os
import shutil
import subprocess
import sys
import sysconfig

OLDEST = (3, 11)
SYSTEM = "/usr/bin/python3"


def require():
    """Return in a Python of at least ``OLDEST``, replacing the process by one if need be; end with one line if none is there."""
    if sys.version_info[:2] >= OLDEST:
        if _is_slow() and _serves(SYSTEM):
            os.execv(SYSTEM, [SYSTEM, *sys.argv])
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


def _is_slow():
    """Say whether this Python was built without optimisation and is not the system's."""
    built = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return "--enable-optimizations" not in built and not os.path.realpath(sys.base_prefix).startswith("/usr")


def _serves(python):
    """Say whether a Python is there, new enough, and can make an environment."""
    asked = "import ensurepip, sys; sys.exit(sys.version_info[:2] < ({}, {}))".format(*OLDEST)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return os.path.exists(python) and subprocess.call([python, "-c", asked], **quiet) == 0
