"""A scenario's file, read: a whole Scenario, or all that is wrong in it at once."""

from pathlib import Path

from bots.scenario import Scenario


def load(path: Path) -> Scenario:
    """Read a scenario. Raises ScenarioMistakes with all that is wrong in it; a file that cannot be read is one too."""
    raise NotImplementedError(path)
