"""The bundle's description as an RO-Crate: what each file is, and by what it was made."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any, Final

from misid.report.bundle.model import METADATA, RESULT, Bundle

UNDATED: Final = "1970-01-01"
"""RO-Crate wants a date; a bundle that was not given one (SOURCE_DATE_EPOCH) must not make one up from the clock."""

_KINDS: Final = {
    ".json": "application/json", ".html": "text/html", ".pdf": "application/pdf", ".csv": "text/csv",
    ".toml": "application/toml", ".txt": "text/plain", ".tally": "application/zip",
}  # fmt: skip
_PROGRAM: Final = "#misid"


def crate_metadata(bundle: Bundle, files: dict[str, bytes]) -> bytes:
    """``ro-crate-metadata.json`` for these files, the same bytes for the same bundle."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = bundle.title
    crate.description = f"{bundle.about} `misid verify` computes it again.".strip()
    crate.datePublished = bundle.date or UNDATED
    crate.license = "not stated"
    names = sorted(files)
    for name in names:
        crate.add_file(
            io.BytesIO(),  # only its description is wanted here
            dest_path=name,
            properties={
                "name": bundle.described.get(name, name),
                "encodingFormat": _KINDS.get(name[name.rfind(".") :], "application/octet-stream"),
                "contentSize": str(len(files[name])),
                "sha256": hashlib.sha256(files[name]).hexdigest(),
            },
        )
    program = {"@type": "SoftwareApplication", "name": "misid", "version": bundle.versions.get("misid", "")}
    run = {
        "@type": "CreateAction",
        "name": f"the run that made {RESULT}",
        "instrument": {"@id": _PROGRAM},
        "object": [{"@id": name} for name in names if name.startswith("inputs/")],
        "result": [{"@id": name} for name in names if not name.startswith("inputs/")],
    }
    crate.add(ContextEntity(crate, _PROGRAM, program), ContextEntity(crate, "#run", run))
    crate.root_dataset["mentions"] = {"@id": "#run"}
    made = crate.metadata.generate()
    made["@graph"] = sorted(made["@graph"], key=lambda entity: (entity["@id"] != METADATA, entity["@id"]))
    return (json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def described_hashes(metadata: Any) -> dict[str, str]:
    """File to SHA-256, as the crate's description says.

    Raises
    ------
    ValueError
        If it is no such description.
    """
    from urllib.parse import unquote

    if not isinstance(metadata, dict) or not isinstance(metadata.get("@graph"), list):
        raise ValueError("no @graph in it")
    found = {}
    for entity in metadata["@graph"]:
        if isinstance(entity, dict) and entity.get("@type") == "File":
            if not isinstance(entity.get("@id"), str) or not isinstance(entity.get("sha256"), str):
                raise ValueError("a file without @id or sha256")
            found[unquote(entity["@id"])] = entity["sha256"]
    return found
