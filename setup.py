"""Puts the scenarios into the wheel, inside the package of the bots; all else stands in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithScenarios(build_py):
    """Builds the packages, and copies the scenarios that ship with them to where `bots.shipped` looks."""

    def run(self) -> None:
        """Build, except where the checkout itself is used: there the scenarios stand beside the packages."""
        super().run()
        if not self.editable_mode:
            shutil.copytree("scenarios", Path(self.build_lib, "bots", "scenarios"), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithScenarios})
