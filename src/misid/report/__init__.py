"""Report: one result object shown as HTML, JSON and CSV."""
