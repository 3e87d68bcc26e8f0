"""Which versions computed a result: Python, misid and every package that it stands on."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, distribution

from misid import __version__

_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def installed() -> dict[str, str]:
    """Name to version: Python, misid, and all that misid requires, directly or not, as far as it is installed.

    Extras and what only tests need are left out.
    """
    found = {"python": platform.python_version(), "misid": __version__}
    waiting = ["misid"]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform or Python
        if name != "misid":
            found[name] = package.version
        for requirement in package.requires or ():
            if "extra ==" not in requirement and (match := _NAME.match(requirement)):
                waiting.append(match[0].lower().replace("_", "-"))
    return {name: found[name] for name in ("python", "misid", *sorted(found.keys() - {"python", "misid"}))}


def lock_text(versions: dict[str, str]) -> str:
    """Versions as pip reads them; Python's as a remark.

    Examples
    --------
    >>> print(lock_text({"python": "3.11.2", "numpy": "2.4.1"}), end="")
    # python 3.11.2
    numpy==2.4.1
    """
    lines = [f"# python {v}" if name == "python" else f"{name}=={v}" for name, v in versions.items()]
    return "\n".join(lines) + "\n"
