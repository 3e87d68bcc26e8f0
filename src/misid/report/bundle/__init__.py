"""The bundle: a result with all that it came from, in one file that anybody can recompute."""

from misid.report.bundle.file import bundle_bytes, read_bundle
from misid.report.bundle.model import Bundle
from misid.report.bundle.verify import Verification, verify

__all__ = ["Bundle", "Verification", "bundle_bytes", "read_bundle", "verify"]
