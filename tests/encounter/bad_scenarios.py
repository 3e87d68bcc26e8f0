"""Scenarios that are wrong: what is wrong with each, and what its message has to name.

Each row changes a scenario that holds together (small.toml) in one place: the text to look for, what to put in its
place, and then the code of the problem, the place it names, the value it shows, and a word of its remedy.
"""
# A row is a line, however long.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SMALL = (Path(__file__).parent / "small.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Bad:
    """One bad scenario."""

    name: str
    old: str
    new: str
    code: str
    where: str
    seen: str
    remedy: str = ""

    @property
    def text(self) -> str:
        assert SMALL.count(self.old) >= 1, f"{self.name}: {self.old!r} is not in small.toml"
        return SMALL.replace(self.old, self.new, 1)


FPIR = "fpir = { value = 0.003, assumption"
SHARE = 'share = { lo = 0.2, hi = 0.8, shape = "uniform", assumption'
K = "{ k = 3, n = 1000,"
TITLE = 'title = "A small search"'

BAD = [
    # --- numbers: type, range, order, unit
    Bad("number-as-text", FPIR, 'fpir = { value = "0.003", assumption', "E090", "search.fpir", "'0.003'", "quotes"),
    Bad("number-as-true", FPIR, "fpir = { value = true, assumption", "E090", "search.fpir", "true"),
    Bad("number-as-list", FPIR, "fpir = { value = [0.003, 0.1], assumption", "E090", "search.fpir", "[0.003, 0.1]"),
    Bad("number-as-date", FPIR, "fpir = { value = 2026-11-27, assumption", "E090", "search.fpir", "2026"),
    Bad("per-cent-3", FPIR, "fpir = { value = 3, assumption", "E091", "search.fpir", "3", "0.03, if 3 % is meant"),
    Bad("per-cent-30", FPIR, "fpir = { value = 30.0, assumption", "E091", "search.fpir", "30", "0.3"),
    Bad("above-one-hundred", FPIR, "fpir = { value = 3000, assumption", "E091", "search.fpir", "3000", "such as"),
    Bad("negative", FPIR, "fpir = { value = -0.1, assumption", "E091", "search.fpir", "-0.1", "such as"),
    Bad("nan", FPIR, "fpir = { value = nan, assumption", "E091", "search.fpir", "nan", "correct"),
    Bad("infinite", FPIR, "fpir = { value = inf, assumption", "E091", "search.fpir", "inf", "correct"),
    Bad("huge-integer", FPIR, f"fpir = {{ value = {10**400}, assumption", "E091", "search.fpir", "inf", "correct"),
    Bad("digits-by-the-thousand", FPIR, f"fpir = {{ value = {'9' * 10_000}, assumption", "E080", "", "digits", "smaller"),
    Bad("gallery-of-none", "gallery = { lo = 1e6", "gallery = { lo = 0", "E091", "search.gallery", "0"),
    Bad("gallery-beyond-the-world", "gallery = { lo = 1e6, hi = 1e8", "gallery = { lo = 1e6, hi = 2e11", "E091", "search.gallery", "200000000000", "in this range"),
    Bad("gallery-in-words", '{ value = 12e6, assumption', '{ value = "12 million", assumption', "E090", "search.tested_gallery", "12 million"),
    Bad("growth-above-one", "growth = { lo = 0, hi = 1,", "growth = { lo = 0, hi = 1.5,", "E091", "search.growth", "1.5"),
    Bad("hours-negative", "hours = { value = 24,", "hours = { value = -24,", "E091", "outcomes.held.hours", "-24"),
    Bad("hours-in-a-range-without-shape", "hours = { value = 24,", "hours = { lo = 1, hi = 24,", "E090", "outcomes.held.hours", "no shape", "shape"),
    # --- shapes
    Bad("low-above-high", SHARE, 'share = { lo = 0.8, hi = 0.2, shape = "uniform", assumption', "E091", "statuses.citizen.share", "0.8", "correct"),
    Bad("low-is-high", SHARE, 'share = { lo = 0.8, hi = 0.8, shape = "uniform", assumption', "E091", "statuses.citizen.share", "0.8"),
    Bad("unknown-shape", SHARE, 'share = { lo = 0.2, hi = 0.8, shape = "triangle", assumption', "E090", "statuses.citizen.share.shape", "'triangle'", "uniform"),
    Bad("misspelt-shape", SHARE, 'share = { lo = 0.2, hi = 0.8, shape = "unifrom", assumption', "E090", "statuses.citizen.share.shape", "'unifrom'", "uniform"),
    Bad("shape-lacks-high", SHARE, 'share = { lo = 0.2, shape = "uniform", assumption', "E090", "statuses.citizen.share", "no hi", "give hi"),
    Bad("shape-has-a-mode-too-many", SHARE, 'share = { lo = 0.2, mode = 0.3, hi = 0.8, shape = "uniform", assumption', "E090", "statuses.citizen.share.mode", "uniform does not have"),
    Bad("logarithm-of-zero", "gallery = { lo = 1e6, hi = 1e8", "gallery = { lo = 0, hi = 1e8", "E091", "search.gallery", "0"),
    Bad("more-errors-than-trials", K, "{ k = 3000, n = 1000,", "E091", "records.status.wrong.citizen.k", "3000"),
    Bad("no-trials", K, "{ k = 0, n = 0,", "E091", "records.status.wrong.citizen.n", "0"),
    Bad("half-an-error", K, "{ k = 0.5, n = 1000,", "E090", "records.status.wrong.citizen.k", "0.5", "quotes"),
    Bad("value-and-range", FPIR, "fpir = { value = 0.003, lo = 0.001, hi = 0.1, assumption", "E090", "search.fpir", "a key that fixed does not have"),
    # --- sources
    Bad("a-number-without-a-table", FPIR + ' = "made up" }', "fpir = 0.003", "E085", "search.fpir", "0.003 without a source", "assumption"),
    Bad("no-source-and-no-assumption", FPIR + ' = "made up" }', "fpir = { value = 0.003 }", "E085", "search.fpir", "neither source nor assumption", "assumption"),
    Bad("unknown-evidence", "passport-share", "passport-shares", "E086", "statuses.removable.enrolled.source", "'passport-shares'", "passport-share"),
    Bad("evidence-that-could-not-be-verified", '"passport-share"', '"u-tvs-fpr"', "E086", "statuses.removable.enrolled.source", "u-tvs-fpr"),
    Bad("evidence-that-is-a-conflict", '"passport-share"', '"c-gallery-size"', "E086", "statuses.removable.enrolled.source", "c-gallery-size"),
    Bad("source-as-number", '"passport-share"', "7", "E084", "statuses.removable.enrolled.source", "7"),
    Bad("one-source-twice", '"passport-share"', '["passport-share", "passport-share"]', "E084", "statuses.removable.enrolled.source", "twice"),
    Bad("empty-assumption", 'scans = { value = 1000, assumption = "made up"', 'scans = { value = 1000, assumption = " "', "E084", "scans.assumption", "' '"),
    Bad("policy-without-a-source", 'title = "Review"\nassumption = "made up"', 'title = "Review"', "E085", "policies.review", "neither"),
    # --- shares
    Bad("shares-above-one", '[groups.men]\ntitle = "men"\nshare = "rest"', '[groups.men]\ntitle = "men"\nshare = { value = 0.6, assumption = "x" }', "E089", "groups", "1.1", "lower"),
    Bad("shares-below-one", '[groups.men]\ntitle = "men"\nshare = "rest"', '[groups.men]\ntitle = "men"\nshare = { value = 0.4, assumption = "x" }', "E089", "groups", "0.9", "rest"),
    Bad("ranges-that-need-not-add-up", '[statuses.removable]\ntitle = "people who may be removed"\nsought = true\nshare = "rest"', '[statuses.removable]\ntitle = "people who may be removed"\nsought = true\nshare = { value = 0.2, assumption = "x" }', "E089", "statuses", "rest"),
    Bad("two-rests", 'title = "women"\nshare = { value = 0.5, assumption = "made up" }', 'title = "women"\nshare = "rest"', "E089", "groups.", "a second"),
    Bad("no-share", 'title = "men"\nshare = "rest"', 'title = "men"', "E089", "groups.men", "neither share nor share_of_rest"),
    Bad("misspelt-rest", 'title = "men"\nshare = "rest"', 'title = "men"\nshare = "the rest"', "E084", "groups.men.share", "'the rest'", "value"),
    # --- names
    Bad("unknown-key", TITLE, TITLE + '\nauthor = "me"', "E082", "author", "an unknown key", "leave it out"),
    Bad("misspelt-key", 'hold = "threshold"', 'hold = "threshold"\nfpir_grwth = 1', "E082", "search.fpir_grwth", "an unknown key"),
    Bad("unknown-table", "[factors.women]", "[factor.women]", "E082", "factor", "an unknown key", "factors"),
    Bad("missing-key", 'population = "nobody"\n', "", "E083", "", "no population", "give population"),
    Bad("missing-number", "growth = { lo = 0, hi = 1, shape = \"uniform\", assumption = \"made up\" }\n", "", "E083", "search", "no growth", "give search.growth"),
    Bad("missing-policies-of-lead", 'lead = "definitive"', 'lead = "definite"', "E087", "lead", "'definite'", "definitive"),
    Bad("unknown-factor", 'fpir_factors = ["women"]', 'fpir_factors = ["woman"]', "E087", "groups.women.fpir_factors", "'woman'", "women"),
    Bad("unused-factor", 'fpir_factors = ["women"]\n', "", "E088", "factors.women", "never used"),
    Bad("unknown-status-of-a-record", "citizen = { k = 3", "citizens = { k = 3", "E087", "records.status.wrong.citizens", "'citizens'", "citizen"),
    Bad("record-that-leaves-a-status-out", 'removable = { value = 0.1, assumption = "made up" }\n', "", "E083", "records.status.wrong", "removable"),
    Bad("name-with-a-space", "[outcomes.held]", '[outcomes."held long"]', "E084", "outcomes", "'held long'", "low-men"),
    Bad("unknown-search-model", 'model = "published"', 'model = "vendor"', "E084", "search.model", "'vendor'", "one of"),
    Bad("no-search-model", 'model = "published"\n', "", "E083", "search", "no model", "published"),
    Bad("unknown-word", 'hold = "threshold"', 'hold = "thresholds"', "E084", "search.hold", "'thresholds'", "threshold"),
    Bad("another-format", '"misid-scenario-1"', '"misid-scenario-2"', "E084", "format", "'misid-scenario-2'"),
    # --- policies
    Bad("unknown-policy-of-a-claim", 'measure = "right_record_given_match"\npolicy = "definitive"', 'measure = "right_record_given_match"\npolicy = "definite"', "E087", "claims.definitive.policy", "'definite'", "definitive"),
    Bad("unknown-outcome", '"adverse" }, then = "held" },\n  { then = "released" },\n]\n\n[policies.review]', '"adverse" }, then = "hold" },\n  { then = "released" },\n]\n\n[policies.review]', "E087", "policies.definitive.rules[0].then", "'hold'", "outcome"),
    Bad("unknown-signal", "reviews.officer = \"same\"", "reviews.sergeant = \"same\"", "E087", "policies.review.rules[0].when.reviews.sergeant", "does not have", "add a table"),
    Bad("truth-as-signal", 'when = { match = "yes", records.status = "adverse" }', 'when = { match = "yes", status = "removable" }', "E082", "policies.definitive.rules[0].when.status", "an unknown key"),
    Bad("unknown-value-of-a-signal", 'reviews.officer = "same"', 'reviews.officer = "yes"', "E094", "policies.review.rules[0].when.reviews.officer", "'yes'"),
    Bad("a-situation-without-a-rule", '  { then = "released" },\n]\n\n[policies.review]', "]\n\n[policies.review]", "E094", "policies.definitive.rules", "no rule for", "always fits"),
    Bad("a-rule-that-never-decides", '  { then = "released" },\n]\n\n[policies.review]', '  { then = "released" },\n  { then = "held" },\n]\n\n[policies.review]', "E095", "policies.definitive.rules[2]", "never decides"),
    Bad("no-rules", 'rules = [\n  { when = { match = "yes", records.status = "adverse" }, then = "held" },\n  { then = "released" },\n]', "rules = []", "E084", "policies.definitive.rules", "[]"),
    # --- claims, break-even, correlations
    Bad("unknown-measure", 'measure = "wrongly_held"', 'measure = "wrongfully_held"', "E087", "break_even.rare.measure", "'wrongfully_held'", "wrongly_held"),
    Bad("claim-in-per-cent", "value = 0.999", "value = 99.9", "E091", "claims.definitive.value", "99.9"),
    Bad("claim-of-nobody", '\nof = "everybody"', '\nof = "anybody"', "E087", "claims.definitive.of", "'anybody'"),
    Bad("claim-nan", "value = 0.999", "value = nan", "E084", "claims.definitive.value", "nan"),
    Bad("correlation-of-one", "rank = 0.3", "rank = 1.0", "E084", "correlations[0].rank", "1"),
    Bad("correlation-with-what-is-fixed", '["search.growth", "statuses.citizen.share"]', '["search.growth", "search.fpir"]', "E092", "correlations[0].of", "'search.fpir', which is fixed"),
    Bad("correlation-with-nothing", '["search.growth", "statuses.citizen.share"]', '["search.growth", "search.grow"]', "E092", "correlations[0].of", "'search.grow', which is no parameter"),
    Bad("correlation-of-three", '["search.growth", "statuses.citizen.share"]', '["search.growth", "search.gallery", "statuses.citizen.share"]', "E084", "correlations[0].of", "["),
    # --- the text
    Bad("not-toml", TITLE, "title: A small search", "E080", "", "line 2", "quotes"),
    Bad("key-twice", TITLE, TITLE + "\n" + TITLE, "E080", "", "overwrite", "once"),
    Bad("table-twice", "[outcomes.held]", "[outcomes.released]", "E080", "", "outcomes", "once"),
    Bad("open-quote", TITLE, 'title = "A small search', "E080", "", "line 2"),
    Bad("null-byte", TITLE, 'title = "A small\x00 search"', "E080", "", "line 2"),
    Bad("nested-deeply", TITLE, TITLE + "\nx = " + "[" * 5000 + "]" * 5000, "E080", "", "deep", "fewer"),
    Bad("tables-nested-deeply", TITLE, TITLE + "\nx" + ".x" * 5000 + " = 1", "E080", "", "deep"),
    Bad("text-where-a-table-is-due", "[outcomes.held]\ntitle = \"held\"\nheld = true\nhours = { value = 24, assumption = \"made up\" }", "", "E087", "policies.definitive.rules[0].then", "'held'"),
    Bad("list-where-a-table-is-due", "[factors.women]", "[[factors.women]]", "E084", "factors.women", "[{", "correct"),
    Bad("true-as-text", "sought = false", 'sought = "no"', "E084", "statuses.citizen.sought", "'no'"),
    Bad("long-title", TITLE, f'title = "{"x" * 3000}"', "E084", "title", "xxx", "correct"),
    Bad("empty-title", TITLE, 'title = "  "', "E084", "title", "'  '"),
]  # fmt: skip
