"""What is committed from elsewhere is what it says: vendored assets by their sums, the Chinese catalogue by its source."""

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

ROOT = Path(settings.BASE_DIR)


def test_vendored_files_are_the_recorded_ones():
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "vendor", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_every_icon_that_a_template_names_is_vendored():
    named = set()
    for template in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([^"]+)"', template.read_text("utf-8")))
    assert len(named) > 20
    missing = {name for name in named if not (ROOT / "static/vendor/lucide" / f"{name}.svg").exists()}
    assert not missing


def test_the_compiled_catalogue_is_the_written_one():
    source = (ROOT / "locale/zh_Hans/LC_MESSAGES/django.po").read_text("utf-8")
    pairs = re.findall(r'\n\nmsgid "([^"\\\n]+)"\nmsgstr "([^"\\\n]+)"', re.sub(r"\n#[^\n]*", "", source))
    assert len(pairs) > 100
    wrong = {english: gettext(english) for english, chinese in pairs if gettext(english) != chinese}
    assert not wrong
