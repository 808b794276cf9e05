"""The Word documents of a case file: each is a function of the file's rows alone, so that the same rows give the same bytes.

What a mediator was told in a separate session is no part of the file: nothing in here reads private notes.
"""

from mediation.papers.case import Binding, Case
from mediation.papers.catalogue import CATALOGUE, Form, lacking, missing, produce
from mediation.papers.sealing import Verdict, verify_seal

__all__ = [
    "CATALOGUE",
    "Binding",
    "Case",
    "Form",
    "Verdict",
    "lacking",
    "missing",
    "produce",
    "verify_seal",
]
