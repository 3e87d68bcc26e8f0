"""The only date that an output may have: the one it is given."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def build_date() -> str | None:
    """The day that SOURCE_DATE_EPOCH gives (ISO), or None: equal input gives equal bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return None if epoch is None else datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%d")
