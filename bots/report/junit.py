"""A run's checks in the form in which build servers read test results. No I/O."""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from bots.report.outcome import Outcome
from bots.report.transcript import transcript
from bots.report.verdict import SCRIPT, Checked, checks

# What XML cannot hold at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Sequence[Outcome], not_run: Sequence[tuple[str, str]] = ()) -> str:
    """Return outcomes as JUnit XML: a suite for each, if they are several, with a test case for each check.

    `not_run` are titles of scenarios that could not be run, each with the reason.
    """
    suites = [_suite(outcome) for outcome in outcomes]
    suites += [_suite_not_run(_clean(title), _clean(why)) for title, why in not_run]
    root = suites[0] if suites else ElementTree.Element("testsuites")
    if len(suites) > 1:
        root = ElementTree.Element("testsuites")
        root.extend(suites)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(outcome: Outcome) -> ElementTree.Element:
    all_checks = list(checks(outcome))
    results = Counter(check.result for check in all_checks)
    broken = not outcome.is_valid or outcome.interrupted
    counts = {
        "tests": str(len(all_checks) + 1),
        "failures": str(results["not met"]),
        "errors": str(int(broken)),
        "skipped": str(results["not tested"]),
    }
    name = _clean(outcome.scenario.title)
    suite = ElementTree.Element("testsuite", {"name": name, **counts, "time": f"{outcome.seconds:.3f}"})
    for check in all_checks:
        case = ElementTree.SubElement(suite, "testcase", {"classname": name, "name": _clean(check.name), "time": "0"})
        if check.result == "not tested":
            ElementTree.SubElement(case, "skipped", {"message": _clean(check.found)})
        elif check.result == "not met":
            failure = ElementTree.SubElement(case, "failure", {"message": _clean(check.found)})
            failure.text = _clean("\n".join(_details(outcome, check)))
    why = "interrupted" if outcome.interrupted else _clean(outcome.why_invalid)
    _add_whether_valid(suite, name, why if broken else "")
    return suite


def _suite_not_run(name: str, why: str) -> ElementTree.Element:
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = ElementTree.Element("testsuite", {"name": name, **counts, "time": "0"})
    _add_whether_valid(suite, name, why)
    return suite


def _add_whether_valid(suite: ElementTree.Element, name: str, why_not: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"classname": name, "name": "the run is valid", "time": "0"})
    if why_not:
        ElementTree.SubElement(case, "error", {"message": why_not})


def _details(outcome: Outcome, check: Checked) -> list[str]:
    """Return what shows that a check was not met."""
    if check.name != SCRIPT:
        return list(transcript(outcome))
    failures = outcome.failures
    more = failures.many - len(failures)
    return [*failures, f"… and {more:,} more"] if more else failures


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
