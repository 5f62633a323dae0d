"""What pyproject.toml cannot say: the catalogues are compiled before the package is put together."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))

from deploy.words import compile_all


class Build(build_py):
    """For a wheel and for `pip install --editable` alike."""

    def run(self) -> None:
        compile_all()
        super().run()


setup(cmdclass={"build_py": Build})
