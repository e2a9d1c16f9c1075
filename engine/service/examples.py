"""Examples of what is asked and answered, which the page at `/docs` shows and sends."""

from typing import Any

Example = dict[str, Any]

_MODEL = {"id": "shipped", "name": "measured and simulated"}
_MEASURED = {
    "value": 104.85,
    "kind": "measured",
    "reference": "Afzal 2021 (collected experiments)",
    "note": "",
}

ASKED_PREDICTION: Example = {
    "repeat_units": ["PMMA", "*CC(*)C"],
    "model": "default",
    "properties": ["Tg"],
    "level": 0.9,
    "conditions": {},
    "fragments": "refuse",
}
PREDICTION: Example = {
    "model": _MODEL,
    "level": 0.9,
    "answers": [
        {
            "given": "PMMA",
            "repeat_unit": "*CC(*)(C)C(=O)OC",
            "polymer": "Poly(methyl methacrylate)",
            "problem": "",
            "warnings": [],
            "properties": {
                "Tg": {
                    "value": 101.5,
                    "unit": "°C",
                    "like": "as measured",
                    "low": 72.4,
                    "high": 130.7,
                    "domain": "inside",
                    "reason": "",
                    "similarity": 1.0,
                    "measured": [_MEASURED],
                }
            },
        }
    ],
}
ASKED_NEIGHBOURS: Example = {
    "repeat_units": ["*CC(*)c1ccc(CC)cc1"],
    "model": "default",
    "properties": ["Tg"],
    "count": 3,
}
NEIGHBOURS: Example = {
    "model": _MODEL,
    "answers": [
        {
            "given": "*CC(*)c1ccc(CC)cc1",
            "repeat_unit": "*CC(*)c1ccc(CC)cc1",
            "polymer": "",
            "problem": "",
            "note": "",
            "nearest": {
                "Tg": [
                    {
                        "repeat_unit": "*CC(*)(C)C(=O)OC",
                        "unit": "°C",
                        "polymer": "Poly(methyl methacrylate)",
                        "similarity": 0.62,
                        "labels": [_MEASURED],
                    }
                ]
            },
        }
    ],
}
MODELS: Example = {
    "models": [
        {
            **_MODEL,
            "kind": "shipped",
            "is_default": True,
            "trained_on_rows": 10_454,
            "properties": [
                {
                    "name": "Tg",
                    "title": "Glass transition temperature",
                    "unit": "°C",
                    "like": "as measured",
                    "labels": 503,
                }
            ],
            "conditions": [],
            "compositions": False,
            "levels": [0.5, 0.8, 0.9, 0.95],
        }
    ]
}
JOB: Example = {
    "id": "690066b1f4ada066",
    "table": "units.csv",
    "model": _MODEL,
    "state": "working",
    "doing": "repeat units",
    "done": 1_200,
    "total": 30_000,
    "seconds_left": 95.0,
    "created": 1796007312.9,
    "ended": None,
    "kept": None,
    "problems": None,
    "guesses": None,
    "outside": None,
    "in_full": None,
    "words": "",
}
RESULT = "id,SMILES,Tg,Tg_low,Tg_high,Tg_domain\na,*CC(*)C,-13.1,-40.2,14.0,inside\n"
PROBLEMS = "id,SMILES,problem\nc,no unit,the SMILES cannot be read\n"

_REFUSALS = {
    400: ("The body cannot be read.", "The body cannot be read: it is no JSON in UTF-8."),
    401: (
        "The token is missing or wrong.",
        "The token that is shown is not that of this service.",
    ),
    403: (
        "Without a token: it is a web page's, or under another name than this machine's own.",
        "Without a token this service does not answer to web pages of others.",
    ),
    404: (
        "There is no such model or job.",
        "There is no model 'polymers'; GET /models lists them.",
    ),
    408: ("It did not arrive in time.", "The request did not arrive in time."),
    409: (
        "The job is not done, or has failed.",
        "The job is working: 1,200 rows are predicted.",
    ),
    413: (
        "It has too many repeat units, or bytes.",
        "A call may have 256 repeat units, and this one has 300: ask in parts, or upload a table "
        "to /jobs.",
    ),
    422: (
        "It cannot be carried out as it was asked.",
        "The request is not understood: `repeat_units` is missing.",
    ),
    503: (
        "Too much waits; the header Retry-After says when to ask again.",
        "As many calls wait already as may wait: ask again later.",
    ),
    504: (
        "It took too long.",
        "It was not answered within 60 seconds: ask for fewer repeat units.",
    ),
}


def refused(model: type, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """What is said of refusals with some statuses, as FastAPI takes it.

    Args:
        model: of their bodies.
        statuses: of them.
    """
    return {
        status: {
            "model": model,
            "description": _REFUSALS[status][0],
            "content": {"application/json": {"example": {"detail": _REFUSALS[status][1]}}},
        }
        for status in statuses
    }


def csv_of(example: str) -> dict[int | str, dict[str, Any]]:
    """What is said of an answer that is a table, as FastAPI takes it."""
    return {200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": example}}}}
