"""Chinese text search without a search server: a row keeps the bigrams of its text in one indexed array.

PostgreSQL's own parser takes a run of Chinese for one word and trigrams never help the common two-character words, so
the text is cut into overlapping pairs here. A query of one character matches nothing by itself; pages say so.
"""

import re
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models

_CJK = r"㐀-鿿豈-﫿"
_RUN = re.compile(rf"[{_CJK}]+|[A-Za-z0-9]+")
_MOST_TERMS = 4000
#: Marks a term that everyone who sees the row may search by; the same term without the mark may stand for masked words.
_OPEN = "+"


def terms(*texts: str) -> list[str]:
    """Return the sorted search terms of a row: bigrams of each run of Chinese, and whole Latin words and numbers.

    Numbers and words are also kept by their parts of a code (``DD-120106012-…`` is found by each part).
    """
    found: set[str] = set()
    for text in texts:
        for run in _RUN.findall((text or "").lower()):
            if run[0].isascii():
                found.add(run[:40])
            else:
                found.update(run[i : i + 2] for i in range(max(1, len(run) - 1)))
        if len(found) > _MOST_TERMS:
            break
    return sorted(found)[:_MOST_TERMS]


def index(open_texts: Iterable[str], masked_texts: Iterable[str]) -> list[str]:
    """Return what a row's search column keeps: every term, and those of the texts that are not masked once more with a mark.

    So names and phones are found by whom they are open to, and cannot be guessed at by anyone else.
    """
    shown = terms(*open_texts)
    return sorted({*shown, *terms(*masked_texts), *(_OPEN + term for term in shown)})


def marked(found: Iterable[str]) -> list[str]:
    """Return the terms as they stand in the column where they come of texts that are not masked."""
    return [_OPEN + term for term in found]


def terms_of_query(text: str) -> list[str]:
    """Return the terms that a row must all hold; at most 40, single Chinese characters dropped."""
    return [t for t in terms(text[:100]) if t[0].isascii() or len(t) == 2][:40]


class SearchTerms(ArrayField):
    """The column that keeps a row's terms."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("base_field", models.TextField())
        kwargs.setdefault("default", list)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("verbose_name", "检索词")
        super().__init__(*args, **kwargs)
