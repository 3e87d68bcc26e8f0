"""The figures of the report. Each carries its data, its caption and its description in words."""
