"""A made-up assessment of every shape a report must hold: its numbers fit together, and mean nothing."""

from __future__ import annotations

from typing import Any

from misid.encounter.model import (
    ANSWERS,
    WAYS,
    Assessment,
    Branch,
    BreakEven,
    BreakPoint,
    Claim,
    ClaimPart,
    Difference,
    Driver,
    Estimate,
    Input,
    Outcomes,
    PolicyResult,
    Projection,
    Provenance,
    Repeated,
    Search,
    Sensitivity,
    Share,
    Tree,
    Used,
    Way,
)
from misid.evidence import load

STATUSES = {
    "citizen": "citizens",
    "authorised": "non-citizens who may stay",
    "removable": "people who may be removed",
}
GROUPS = {
    "low-men": "men of the regions with the fewest false matches",
    "low-women": "women of the regions with the fewest false matches",
    "high-men": "men of regions with more false matches",
    "high-women": "women of regions with more false matches",
}
POLICIES = {
    "definitive": "A match is definitive",
    "document-first": "A document outranks a match",
    "two-sources": "Two independent sources must agree",
    "review": "A human review before anybody is held",
    "no-scan": "No scan",
}
FACTS = ("mf-definitive", "passport-share", "everify-tnc", "fmr-ratio-female-male", "mf-retention", "sp80063a-fpir")


def about(value: float, spread: float = 4.0, unit: Any = "people", *, chance: bool = True) -> Estimate:
    """An estimate with its limits a factor of `spread` away."""
    top = 1.0 if unit == "probability" else float("inf")
    lo, hi = value / spread, min(value * spread, top)
    counted = unit == "people" and chance
    return Estimate(
        value=value,
        lo=lo,
        hi=hi,
        unit=unit,
        mean=value * 1.1 if value * 1.1 < top else value,
        middle=value,
        chance_lo=float(int(lo * 0.9)) if counted else None,
        chance_hi=float(int(hi * 1.1) + 1) if counted else None,
    )


def nothing(reason: str, unit: Any = "probability") -> Estimate:
    return Estimate(value=None, lo=None, hi=None, unit=unit, reason=reason)


def outcomes(
    scale: float,
    *,
    title: str,
    scanned: float = 1e5,
    group: str | None = None,
    status: str | None = None,
    scans: bool = True,
    sought: bool = False,
) -> Outcomes:
    held = 0.0 if sought else 1500.0 * scale * scanned / 1e5
    wrong = about(held) if held else Estimate(value=0.0, lo=0.0, hi=0.0)
    return Outcomes(
        group=group,
        status=status,
        title=title,
        scanned=about(scanned, 1.5),
        matched=about(0.6 * scanned, 1.3),
        ways=tuple(
            Way(
                name=name,
                title=text,
                happens=about(scanned * 0.01 / (i + 1)),
                wrongly_held=about(max(held, 0.02) / 3 ** (i + 1)),
            )
            for i, (name, text) in enumerate(WAYS.items())
        ),
        wrongly_held=wrong,
        held_without_match=about(0.3 * scale, 30),
        found=about(9000 * (scale**0.25) * scanned / 1e5, 2),
        found_by_error=about(12),
        not_found=about(3000, 2),
        hours_wrongly_held=about(60000 * scale, unit="hours"),
        hours_of_others=about(40000, unit="hours"),
        images_kept=about(scanned * 1.2, 1.1, "images"),
        right_given_match=about(0.93, 1.07, "probability") if scans else nothing("nobody is matched"),
        right_record_given_match=about(0.91, 1.09, "probability") if scans else nothing("nobody is matched"),
        answers=tuple(
            Share(name=n, title=t, people=about(scanned / (2 + i))) for i, (n, t) in enumerate(ANSWERS.items())
        ),
        outcomes=(
            Share(name="released", title="let go", people=about(scanned * 0.8, 1.2)),
            Share(name="held", title="taken into custody", people=about(scanned * 0.1)),
        ),
        per_scanned={
            "wrongly_held": about(held / scanned, unit="probability")
            if held
            else Estimate(value=0.0, lo=0.0, hi=0.0, unit="probability")
        },
    )


def policy(name: str, title: str, scale: float) -> PolicyResult:
    return PolicyResult(
        name=name,
        title=title,
        about="The record of whoever is returned\n decides." if name == "definitive" else "",
        rules=(
            "If the search returns somebody, and there is evidence against the person from a file: taken into custody.",
            "In every other case: let go.",
        ),
        scans=name != "no-scan",
        display="best",
        sources=("mf-definitive",) if name == "definitive" else (),
        assumption="" if name == "definitive" else "what an oversight body could order",
        everybody=outcomes(scale, title="everybody", scans=name != "no-scan"),
        by_group=tuple(
            outcomes(scale * (1 + i), title=t, scanned=(15e3, 5e3, 6e4, 2e4)[i], group=g)
            for i, (g, t) in enumerate(GROUPS.items())
        ),
        by_status=tuple(
            outcomes(scale, title=t, scanned=(5e4, 3e4, 2e4)[i], status=s, sought=s == "removable")
            for i, (s, t) in enumerate(STATUSES.items())
        ),
    )


def branch(stage: str, name: str, title: str, people: float, *children: Branch, wrong: bool = False) -> Branch:
    return Branch(stage=stage, name=name, title=title, people=about(people, 2), wrong=wrong, children=children)


def tree() -> Branch:
    def searched(people: float, sought: bool) -> tuple[Branch, ...]:
        return (
            branch(
                "capture",
                "captured",
                "a photograph that can be searched",
                people * 0.98,
                branch(
                    "search",
                    "right",
                    "the right person is returned",
                    people * 0.9,
                    branch(
                        "record",
                        "adverse",
                        "an adverse record",
                        people * (0.85 if sought else 0.004),
                        branch("outcome", "held", "taken into custody", people * 0.004, wrong=not sought),
                    ),
                    branch("record", "clear", "a clear record", people * 0.8),
                ),
                branch(
                    "search",
                    "stranger",
                    "somebody else is returned",
                    people * 0.02,
                    branch(
                        "record",
                        "adverse",
                        "an adverse record",
                        people * 0.003,
                        branch("outcome", "held", "taken into custody", people * 0.003, wrong=True),
                    ),
                    wrong=True,
                ),
                branch("search", "none", "nobody is returned", people * 0.05),
            ),
            branch("capture", "failed", "no photograph that can be searched", people * 0.02),
        )

    return branch(
        "everybody",
        "everybody",
        "everybody stopped",
        1e5,
        *(
            branch(
                "status",
                name,
                title,
                people,
                branch(
                    "enrolled", "enrolled", "in the gallery", people * 0.6, *searched(people * 0.6, name == "removable")
                ),
                branch(
                    "enrolled", "not", "not in the gallery", people * 0.4, *searched(people * 0.4, name == "removable")
                ),
            )
            for (name, title), people in zip(STATUSES.items(), (5e4, 3e4, 2e4), strict=True)
        ),
    )


def inputs(text: str) -> tuple[Input, ...]:
    def one(path: str, title: str, unit: str, **given: Any) -> Input:
        base: dict[str, Any] = {
            "shape": "uniform",
            "said": "0.05 to 0.9, uniform",
            "middle": 0.475,
            "lo": 0.05,
            "hi": 0.9,
            "sources": (),
            "assumption": "",
            "note": "",
            "solidity": "assumption",
        }
        return Input(path=path, title=title, unit=unit, **base | given)

    return (
        one(
            "scans",
            "scans in all",
            "scans",
            said="100,000",
            lo=1e5,
            hi=1e5,
            middle=1e5,
            sources=("mf-definitive",),
            solidity="reported",
            note="a floor",
        ),
        one("statuses.citizen.share", "share of citizens among the people scanned", "proportion", assumption=text),
        one(
            "statuses.citizen.enrolled",
            "citizens who are in the gallery",
            "proportion",
            sources=("passport-share",),
            solidity="proxy",
            assumption="passport holders are the middle",
        ),
        one(
            "factors.women.times",
            "false matches of women, times those of men",
            "ratio",
            solidity="measured",
            sources=("fmr-ratio-female-male",),
        ),
        one("search.fpir", "FPIR at the tested gallery", "proportion", sources=("sp80063a-fpir",), solidity="proxy"),
        one(
            "records.status.wrong.citizen",
            "records of citizens that say the opposite",
            "proportion",
            sources=("everify-tnc",),
            solidity="proxy",
            set_by="command line",
        ),
        one(
            "images.kept_years",
            "years that photographs are kept",
            "years",
            sources=("mf-retention",),
            solidity="reported",
            said="15",
            lo=15,
            hi=15,
            middle=15,
        ),
    )


def sample_assessment(text: str = "no count exists", **changes: Any) -> Assessment:
    """An assessment; `text` stands wherever a scenario or a user may write."""
    library = load()
    scales = (1.0, 0.3, 0.02, 0.25, 0.4)
    given: dict[str, Any] = {
        "name": "sample",
        "title": "A face search on the street",
        "about": f"Officers photograph people. {text}",
        "population": f"people scanned in the street, {text}",
        "falls_on": "scanned",
        "scans": about(1e5, 1.0),
        "measured": (f"how the engine misses posed photographs, {text}", "how officers err"),
        "not_measured": ("the threshold in use", f"street photographs, {text}"),
        "caveats": (f"posed photographs, {text}",),
        "statuses": STATUSES,
        "sought": ("removable",),
        "groups": GROUPS,
        "lead": "definitive",
        "policies": tuple(policy(n, t, s) for (n, t), s in zip(POLICIES.items(), scales, strict=True)),
        "differences": tuple(
            Difference(
                policy=n,
                than="definitive",
                measure=m,
                title=t,
                difference=Estimate(value=-900.0, lo=-5000.0, hi=-12.0),
                ratio=about(0.3, 2, "ratio"),
                fewer=0.997,
            )
            for n in list(POLICIES)[1:]
            for m, t in (("wrongly_held", "people wrongly held"), ("found", "people found"))
        ),
        "trees": tuple(Tree(policy=n, root=tree()) for n in POLICIES),
        "search": (
            Search(
                group=None,
                quality=None,
                title="everybody",
                fpir=about(0.02, 10, "probability"),
                fnir=about(0.06, 2, "probability"),
                mate_first=about(0.93, 1.05, "probability"),
                another_first=about(0.001, 9, "probability"),
            ),
            Search(
                group="low-men",
                quality="fair",
                title="men of the regions with the fewest false matches, face to the camera",
                fpir=nothing("the test has no such group"),
                fnir=about(0.04, 2, "probability"),
                mate_first=about(0.95, 1.05, "probability"),
                another_first=about(0.0004, 9, "probability"),
            ),
        ),
        "projection": tuple(
            Projection(
                gallery=12e6 * 1.6**i,
                fpir=about(min(0.003 * 1.3**i, 0.9), 1.3 ** (i + 1), "probability"),
                growth=growth,
            )
            for growth in (None, 0.0, 0.5, 1.0)
            for i in range(11)
        ),
        "repeated": (
            Repeated(
                policy="definitive",
                scans=10,
                title="scanned 10 times",
                stranger_matched=about(4000),
                if_independent=about(9000),
            ),
        ),
        "claims": (
            Claim(
                name="definitive",
                says=f"A match is definitive. {text}",
                test="right record given match above 0.999",
                policy="definitive",
                verdict="contradicted",
                sources=("mf-definitive",),
                reason="",
                decided_by=("records.status.wrong.citizen", "search.fpir"),
                parts=tuple(
                    ClaimPart(
                        of=g,
                        title=t,
                        estimate=about(0.93, 1.05, "probability"),
                        share_true=0.004,
                        verdict="contradicted",
                    )
                    for g, t in GROUPS.items()
                ),
            ),
        ),
        "sensitivity": (
            Sensitivity(
                measure="wrongly_held",
                policy="definitive",
                of="everybody",
                title="people wrongly held, of 100,000 stopped",
                unit="people",
                middle=1500.0,
                method="Sobol indices on the ranks of the answer",
                warnings=(),
                drivers=tuple(
                    Driver(
                        paths=(i.path,),
                        title=i.title,
                        first=0.5 / 2**k,
                        first_lo=0.45 / 2**k,
                        first_hi=0.55 / 2**k,
                        total=0.6 / 2**k if k else None,
                        total_lo=0.5 / 2**k if k else None,
                        total_hi=0.7 / 2**k if k else None,
                        at_lo=1500 / (6 - k),
                        at_hi=1500 * (6 - k),
                        solidity=i.solidity,
                    )
                    for k, i in enumerate(inputs(text)[1:5])
                ),
            ),
        ),
        "break_even": (
            BreakEven(
                name="one",
                asks="What would have to be true for fewer than 1 in 10,000 citizens to be wrongly held?",
                measure="wrongly_held",
                policy="definitive",
                of="citizen",
                wanted="wrongly held below 0.0001",
                share_true=0.03,
                together="No single input suffices.",
                points=(
                    BreakPoint(
                        path="search.fpir",
                        title="FPIR at the tested gallery",
                        value=2e-5,
                        side="below",
                        solidity="proxy",
                        said="below 2 in 100,000",
                    ),
                    BreakPoint(
                        path="statuses.citizen.share",
                        title="share of citizens",
                        value=None,
                        side="never",
                        solidity="assumption",
                        said="no value of it is enough",
                    ),
                ),
            ),
        ),
        "inputs": inputs(text),
        "facts": tuple(Used(id=id_, fact=library[id_].to_dict()) for id_ in FACTS),
        "conflicts": (
            {
                "id": "c",
                "question": "how large is the gallery",
                "facts": [],
                "differs": "200 million or more",
                "advice": "take both",
            },
        ),
        "assumptions": ("errors of the search and of the record are independent",),
        "warnings": (f"few draws, {text}",),
        "provenance": Provenance(
            misid="0.1.0",
            python="3.11.2",
            numpy="2.4.1",
            scipy="1.17.0",
            files=(("sample.toml", "ab" * 32),),
            settings=("search.fpir=0.01",),
            scenario={"title": "sample", "text": text},
            tally=(),
            draws=4096,
            seed=1,
            sampler="scrambled Sobol sequence",
            level=0.95,
        ),
    }
    return Assessment(**given | changes)
