"""misid: how often a one-to-many (1:N) face search names the wrong person."""

from misid._version import __version__

__all__ = ["__version__"]
