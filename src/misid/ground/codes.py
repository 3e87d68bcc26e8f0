"""Every stable code that can be said of an input, with its name and meaning. `docs/codes.md` is made from this.

Codes are only ever added, never changed or given to something else: files and scripts of users hold them.
"""

from __future__ import annotations

import re

from misid.ground.errors import Problem

CODES: dict[str, tuple[str, str]] = {
    "E001": ("file-not-found", "No file is at the path given, or it may not be read."),
    "E002": ("empty-input", "The file has no bytes, or no rows below its header."),
    "E003": ("not-what-its-name-says", "The first bytes of the file are not of the format that its name promises."),
    "E004": ("truncated-file", "The file ends before its format says it may."),
    "E005": ("not-scores", "The file is an image, a document, an archive or another thing that misid never reads."),
    "E006": ("not-utf8", "A text file has bytes that are not UTF-8."),
    "E007": ("wrong-delimiter", "The lines of a text file do not fall into columns with the delimiter in use."),
    "E008": ("ragged-rows", "Rows have more or fewer values than the header has columns."),
    "E009": ("broken-quotes", "A quoted value does not end, or goes on after its closing quote."),
    "E010": ("non-numeric-score", "A score is not a number."),
    "E011": ("decimal-comma", "Scores are written with a decimal comma."),
    "E012": ("missing-column", "A column that is needed, or was named, is not in the input."),
    "E013": ("ambiguous-column", "Several columns could be the one that is needed."),
    "E014": ("duplicate-column", "Two columns have the same name."),
    "E015": ("duplicate-edge-id", "An id stands twice on one edge of a matrix."),
    "E016": ("matrix-not-rectangular", "A row of a matrix has more or fewer scores than its header has ids."),
    "E017": (
        "unknown-attribute",
        "A demographic attribute that was named is not in the input, or has too many values.",
    ),
    "E018": (
        "files-differ",
        "Files of one input differ in columns or their types, or text files in the order of columns.",
    ),
    "E019": ("mated-not-known", "A value of the column that says which comparisons are mated is empty or unknown."),
    "E020": ("missing-id", "A comparison has no id of its probe, its reference or one of their people."),
    "E021": ("nothing-says-mated", "Nothing in the input says which comparisons are mated."),
    "E022": (
        "contradicting-rows",
        "A table that has one row a person, sample, search or reference has two that differ.",
    ),
    "E023": ("sample-without-person", "A sample in the scores has no row in the table of samples."),
    "E024": ("list-not-declared", "A candidate list lacks a declaration without which rates cannot be told."),
    "E025": ("unknown-search", "A candidate belongs to a search that the table of searches does not have."),
    "E026": ("list-against-declaration", "A candidate list is longer, or reaches lower, than was declared."),
    "E027": ("unknown-reference", "A candidate is a reference that the table of references does not have."),
    "E028": ("unreadable", "The engine could not read the input."),
    "E029": ("no-such-table", "The database has no table of that name."),
    "W001": ("people-not-known", "The input has no ids: limits cannot account for people shared by comparisons."),
    "W002": (
        "people-from-mated-pairs",
        "People were worked out from mated pairs, because the input does not name them.",
    ),
    "W003": ("ids-taken-as-people", "Ids of probes and references were taken as ids of people."),
    "W004": ("searches-taken-as-people", "Each search was taken as a person of its own."),
    "W005": ("gallery-only-counted", "The gallery was given as a number: its people and groups are not known."),
    "E030": ("mated-contradicts-people", "Rows are mated though the people differ, or non-mated though they are one."),
    "E031": ("sample-of-two-people", "One sample id stands with two people."),
    "E032": ("person-in-two-groups", "One person has two values of a demographic attribute."),
    "E033": ("sample-with-itself", "A sample is compared with itself."),
    "E034": ("nan-score", "A score is NaN and NaN was not declared to be a failure."),
    "E035": ("null-score", "A score is empty and empty was not declared to be a failure."),
    "E036": ("undeclared-failure-code", "Many comparisons have one value that stands apart as failure codes do."),
    "E037": ("polarity-contradicted", "Mated comparisons score worse than non-mated ones under the declared polarity."),
    "E038": ("duplicate-comparison", "The same probe and reference are compared in more than one row."),
    "E039": ("duplicate-search", "The table of searches has a search more than once."),
    "E040": ("broken-ranks", "The ranks of a candidate list do not run 1, 2, 3, ... without gap and repetition."),
    "E041": ("rank-contradicts-score", "A candidate has a better rank than another with a higher score."),
    "E042": ("search-contradicts-candidates", "What a search says of itself is not what its candidates say."),
    "E043": ("identifying-ids", "Ids look like names, addresses, numbers of documents or dates of birth."),
    "E044": ("too-many-groups", "A demographic attribute has so many values that it may be an id."),
    "E045": ("constant-scores", "All scores are one value."),
    "E046": ("no-comparisons", "Nothing is left that has a score."),
    "E047": ("not-a-tally", "The file is not a whole tally that this version can read."),
    "E048": ("unannounced-group", "The comparisons have a group that was not there when the input was opened."),
    "E049": ("no-group-known", "An attribute was given, and nobody has a value of it."),
    "E050": ("absurd-score", "A few scores are a thousand times further from all others than these are apart."),
    "E051": ("small-cell", "What is to be published has a group of so few people that its counts are theirs."),
    "E052": (
        "small-difference",
        "Two tallies or reports to be published tell the counts of a few people by subtraction.",
    ),
    "E053": ("input-changed", "A file of the input was written, replaced or removed while it was read."),
    "E054": ("score-not-held", "Scores are whole numbers or decimals of more digits than a double holds."),
    "E055": ("scores-out-of-range", "Scores are so large, or all so small, that they cannot be counted in bins."),
    "E056": ("too-many-columns", "The input has more columns than scores can have."),
    "E061": ("not-a-record", "A file of published numbers, or a record in it, lacks a field or has one that is none."),
    "E062": ("impossible-fact", "A published number cannot be what it says: a proportion above 1, limits in disorder."),
    "E063": ("id-in-disorder", "An id of a record is used twice, or a conflict names one that is not there."),
    "E064": (
        "without-a-source",
        "A published number has no source, or its source no address or date that can be read.",
    ),
    "E070": ("no-usable-deployment", "No row of a table of deployments has the numbers that are needed."),
    "E071": ("not-a-back-test-record", "A record or a study of the back-tests lacks a field or has one that is none."),
    "E072": (
        "gallery-beyond-the-world",
        "A gallery is asked about that has more images than all people alive can have.",
    ),
    "E080": ("not-toml", "A scenario file cannot be read as TOML: a key stands twice, or a value is none."),
    "E081": ("scenario-too-large", "A scenario file is far larger than a scenario can be."),
    "E082": ("unknown-key", "A table of a scenario has a key that it cannot have."),
    "E083": ("missing-key", "A table of a scenario lacks something that it needs."),
    "E084": ("not-allowed-here", "A value of a scenario is of another type, or another word, than is allowed there."),
    "E085": ("number-without-a-source", "A number, policy or claim of a scenario names neither source nor assumption."),
    "E086": ("unknown-evidence", "A scenario names a source that the evidence library does not have as a fact."),
    "E087": ("unknown-name", "A scenario names something that it does not have."),
    "E088": ("never-used", "Something in a scenario is used by nothing."),
    "E089": ("shares-do-not-add-up", "Shares of a whole can be above 1 together, or are not 1."),
    "E090": (
        "not-a-shape",
        "A range in a scenario has no shape that is known, lacks a number of it or has one too many.",
    ),
    "E091": ("value-not-allowed", "A number in a scenario is not one that its parameter can have."),
    "E092": (
        "broken-correlation",
        "A correlation in a scenario names a parameter that is not a range, or cannot be with the others.",
    ),
    "E110": ("not-a-bundle", "The file is not a bundle that misid wrote."),
    "E111": ("dangerous-bundle", "A bundle names a place outside itself, holds a link, or unpacks to too much."),
    "E112": ("incomplete-bundle", "A file of a bundle is missing."),
    "E113": ("changed-bundle", "A file of a bundle is not the one that was written."),
    "E114": ("later-bundle", "A bundle is of a version or kind that this misid does not know."),
    "E100": (
        "not-a-case",
        "A case file is no TOML, or has a key that is not known or a value that is none of its key.",
    ),
    "E101": ("case-incomplete", "A case file lacks something without which it says nothing."),
    "E102": (
        "case-without-a-source",
        "A number of a case has no source, document or assumption, or names evidence that is not in the library.",
    ),
    "E103": ("case-contradicts-itself", "Two things that a case file says cannot both be."),
    "E093": ("base-not-usable", "A scenario extends one that is not there, or extends itself."),
    "E094": ("rules-not-complete", "A policy leaves a situation undecided, or looks at something that is not there."),
    "E095": ("rule-never-decides", "A rule of a policy can never decide: those before it take every situation."),
    "W010": ("infinite-score", "A score is infinite; it counts at the end of the scale."),
    "W011": ("many-at-one-end", "Many comparisons share the lowest or highest score, apart from the rest."),
    "W012": ("polarity-unclear", "The scores do not show which way they point."),
    "W013": ("both-directions", "Pairs of samples are compared in both directions."),
    "W014": ("comparison-counted-twice", "Pairs stand in both directions with one score: one comparison, two rows."),
    "W015": ("missing-group", "The group of some people is not known; they are a row of their own."),
    "W016": ("small-group", "A group has fewer people than the stated minimum."),
    "W017": ("no-mated", "There is nothing mated: FNMR and FNIR are not defined."),
    "W018": ("no-nonmated", "There is nothing non-mated: FMR and FPIR are not defined."),
    "W019": ("group-without-comparisons", "A group has nothing mated, or nothing non-mated: a rate is not defined."),
    "W020": ("few-people", "The test has so few people that it can give bounds only."),
    "W021": ("ids-perhaps-identifying", "A few ids look like names, or ids could be numbers of people."),
    "W022": ("unexplained-empty-lists", "Searches returned nobody although no return threshold was declared."),
    "W023": ("self-comparisons-left-out", "Rows in which a sample is compared with itself were left out."),
    "W024": ("last-line-without-end", "The last line of a text file has no line end: the file may have been cut."),
    "W025": ("score-far-away", "A few scores are very far from all others."),
    "W026": (
        "unexplained-short-lists",
        "Lists are shorter than they may be although no return threshold was declared.",
    ),
    "W027": (
        "perhaps-candidate-lists",
        "Nearly every probe has the same few comparisons of many references, as the best of a search have.",
    ),
    "W028": ("samples-not-read", "The scores say themselves who the people are: the table of samples was not read."),
    "W029": ("groups-left-out", "Columns that look like demographic groups were not taken as groups."),
    "W030": ("deployment-incomplete", "Rows of a table of deployments lack a number, and were left out."),
    "W031": ("not-one-number", "A cell that should hold one number holds text, a range or an impossible number."),
    "W032": ("not-a-date", "A cell that should hold a date holds something else."),
    "W033": ("nearly-a-list-of-scores", "The groups are so many that the tally has nearly a cell for each comparison."),
    "W040": ("more-enrolled-than-images", "More people are said to be in the gallery than it has images."),
}


def problem(
    code: str,
    *,
    where: str,
    seen: str,
    allowed: str,
    remedy: str,
    count: int = 1,
    examples: tuple[str, ...] = (),
) -> Problem:
    """A `Problem` with the slug and severity of its code (E: error, W: warning)."""
    return Problem(
        code=code,
        slug=CODES[code][0],
        severity="warning" if code.startswith("W") else "error",
        where=where,
        seen=seen,
        allowed=allowed,
        remedy=remedy,
        count=count,
        examples=examples[:5],
    )


def note(code: str, text: str) -> str:
    """A warning that travels with a result as text: its code, its name and what it means here."""
    return f"{code} {CODES[code][0]}: {text}"


_NOTE = re.compile(r"([EW]\d{3}) [a-z0-9-]+: (.*)", re.DOTALL)


def plain(text: str) -> str:
    """A warning as a reader of a report meets it: what its code means, what that means here, the code in brackets.

    Examples
    --------
    >>> plain(note("W003", "a comparison is mated where both ids are one"))
    'Ids of probes and references were taken as ids of people: a comparison is mated where both ids are one (W003)'
    >>> plain("one quality of photograph")
    'one quality of photograph'
    """
    found = _NOTE.fullmatch(text)
    if found is None or found[1] not in CODES:
        return text
    return f"{CODES[found[1]][1].rstrip('.')}: {found[2].rstrip('.')} ({found[1]})"
