"""The outermost part of a file that people write: keys, each of which stands there once."""

from bots.scenario.mistakes import Report, SourcePosition
from bots.scenario.yaml_tree import BadYaml, Node, read_tree


def read_root(source: bytes, report: Report, *, if_empty: str, if_no_keys: str) -> Node:
    """Return a file's bytes as a tree whose root has keys. Raises ScenarioMistakes, with all that the report holds.

    `if_empty` and `if_no_keys` tell the author what belongs into a file of this kind.
    """
    try:
        root, doubled = read_tree(source)
    except BadYaml as bad:
        report.wrong(bad.place, bad.message)
    else:
        for place, message in doubled:
            report.wrong(place, message)
        if root is not None and isinstance(root.value, dict):
            return root
        if root is None or root.value is None:
            report.wrong(SourcePosition(1, 1), if_empty)
        else:
            report.wrong(root.place, if_no_keys)
    report.close()
    raise AssertionError("closing a report of mistakes raises them")
