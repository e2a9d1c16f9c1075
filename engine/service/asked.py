"""What can be asked of the service, and the form of its answers."""

from typing import Annotated, Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from ..inference.conformal import LEVEL
from ..table.mending import FragmentsUse
from . import examples

Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
_UNITS = (
    "one repeat unit as SMILES with `*` where the chain goes on, the name of a polymer, or a "
    "composition such as `A|B|0.25|0.75|random`: repeat units, the mole fraction of each and, "
    "where it is known, the architecture; or several of these"
)
_FRAGMENTS = "what to do about molecules beside a repeat unit, such as counter-ions"
_PROPERTIES = "names of those that are asked for; all of the model without any"
_MODEL = "`default`, or the id or name of a model that GET /models lists"


def _with_example(example: examples.Example) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class _Asked(BaseModel):
    """A body; what is not known is refused, since it was meant to do something."""

    model_config = ConfigDict(extra="forbid")


def units_of(given: str | list[str]) -> list[str]:
    """The repeat units, of which one may be given without a list."""
    return [given] if isinstance(given, str) else given


class AskedPrediction(_Asked):
    """Repeat units to predict."""

    model_config = _with_example(examples.ASKED_PREDICTION)

    repeat_units: str | list[str] = Field(description=_UNITS)
    model: Name = Field(default="default", description=_MODEL)
    properties: list[Name] = Field(default=[], max_length=1000, description=_PROPERTIES)
    level: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description=f"the share of labels that should lie within the intervals; {LEVEL} without",
    )
    conditions: dict[Name, Number | Name] = Field(
        default={},
        max_length=100,
        description="at which to predict, by name, for a model that was told such",
    )
    fragments: FragmentsUse = Field(default="refuse", description=_FRAGMENTS)


class AskedNeighbours(_Asked):
    """Repeat units whose nearest training units are asked for."""

    model_config = _with_example(examples.ASKED_NEIGHBOURS)

    repeat_units: str | list[str] | None = Field(default=None, description=_UNITS)
    repeat_unit: str | None = Field(
        default=None,
        description="in place of `repeat_units`: one, whose answer has no list `answers` around it",
    )
    model: Name = Field(default="default", description=_MODEL)
    properties: list[Name] = Field(default=[], max_length=1000, description=_PROPERTIES)
    count: int = Field(default=3, ge=1, le=20, description="of each property at most")


class AskedJob(_Asked):
    """A table to predict."""

    file: UploadFile = Field(
        description="a table with a column of repeat units, compositions or names, or with columns "
        "of compositions such as smiles_A, smiles_B, frac_A"
    )
    model: Name = Field(default="default", description=_MODEL)
    keep: Text = Field(default="", description="only rows that meet `Tg > 150, Density < 1.2`")
    by: Text = Field(default="", description="by what the best are chosen, such as `Tc high`")
    top: int = Field(default=0, ge=0, description="only so many of the best; 0 for all")
    with_guesses: bool = Field(default=False, description="also keep values that are mere guesses")
    inside_only: bool = Field(default=False, description="only units in the applicability domain")
    conditions: Text = Field(
        default="{}",
        description='as JSON, such as `{"temperature": 298}`; else columns of the table',
    )
    fragments: FragmentsUse = Field(default="refuse", description=_FRAGMENTS)
    smiles_column: Name = Field(default="", description="with the repeat units; guessed without")
    id_column: Name = Field(default="", description="that names the rows; guessed without")


class Label(BaseModel):
    """A label that a model learned."""

    value: float
    kind: str = Field(description="`measured`, `simulated`, `computed`; empty if nobody said")
    reference: str
    note: str = Field(default="", description="what its value does not tell apart")


class Value(BaseModel):
    """What a model says of one property of one repeat unit."""

    value: float | None = Field(description="as predicted, in `unit`")
    unit: str
    like: str = Field(description="such as `as measured`; empty for a model of one source")
    low: float | None = Field(description="end of the interval")
    high: float | None
    domain: Literal["inside", "outside", "guess"] | None = Field(
        description="whether the unit is like those that the model learned; a guess has atoms that "
        "none of them has"
    )
    reason: str = Field(description="why it is not inside")
    similarity: float | None = Field(description="of the nearest training unit, 0 to 1")
    measured: list[Label] = Field(description="values that the model learned of this polymer")


class Answer(BaseModel):
    """What a model says of one repeat unit; of one with a problem, nothing else is said."""

    given: str
    repeat_unit: str | None = Field(description="as the model takes it")
    polymer: str = Field(description="its name, where it is known")
    problem: str = Field(description="why it could not be predicted; empty where it was")
    warnings: list[str]
    properties: dict[str, Value]


class AskedModel(BaseModel):
    """The model that answered."""

    id: str
    name: str


class Prediction(BaseModel):
    """Answers, one for each repeat unit, in the order given."""

    model_config = _with_example(examples.PREDICTION)

    model: AskedModel
    level: float | None = Field(description="of the intervals; null for a model without any")
    answers: list[Answer]


class Near(BaseModel):
    """A polymer that is like the one that was asked for."""

    repeat_unit: str
    polymer: str
    similarity: float
    unit: str = Field(description="of the labels' values")
    labels: list[Label]


class NeighboursAnswer(BaseModel):
    """The most similar polymers that the model learned, by property."""

    given: str
    repeat_unit: str | None = Field(description="that was compared")
    polymer: str = Field(description="its name, where it is known")
    problem: str = Field(description="why it could not be read; empty where it was")
    note: str = Field(description="why there may be none")
    nearest: dict[str, list[Near]] = Field(
        description="by the property that the labels are of, the most similar first"
    )


class Neighbours(BaseModel):
    """Answers, one for each repeat unit of `repeat_units`, in the order given."""

    model_config = _with_example(examples.NEIGHBOURS)

    model: AskedModel
    answers: list[NeighboursAnswer]


class NeighboursOfOne(BaseModel):
    """The answer to `repeat_unit`."""

    model: AskedModel
    given: str
    repeat_unit: str
    polymer: str
    note: str
    nearest: dict[str, list[Near]]


class ModelProperty(BaseModel):
    """A property that a model answers with."""

    name: str
    title: str
    unit: str
    like: str
    labels: int


class ModelCondition(BaseModel):
    """A condition at which a model predicts."""

    name: str
    kind: str
    unit: str
    low: float | None
    high: float | None
    choices: list[str]


class Model(BaseModel):
    """A model that can answer."""

    id: str
    name: str
    kind: Literal["shipped", "default", "run", "imported"]
    is_default: bool
    trained_on_rows: int
    properties: list[ModelProperty]
    conditions: list[ModelCondition]
    compositions: bool = Field(
        description="whether it learned compositions of several repeat units; others predict "
        "single ones alone"
    )
    levels: list[float] = Field(description="of intervals that can be asked for")


class Health(BaseModel):
    """That the service answers."""

    status: Literal["ok"] = "ok"


class Refusal(BaseModel):
    """Why there is no other answer."""

    detail: str


class JobTold(BaseModel):
    """How far a batch job is."""

    model_config = _with_example(examples.JOB)

    id: str
    table: str
    model: AskedModel
    state: Literal["waiting", "working", "done", "failed"]
    doing: str = Field(
        description="what is being done: `repeat units`, which the model predicts; where only some "
        "of 20,000 rows or more are wanted, before that `first pass`, in which the model's student "
        "goes through all, and `sample`, some of which the model predicts to see how far off the "
        "student is; empty before and after"
    )
    done: int = Field(description="rows of that; at the end, of the table")
    total: int | None = Field(
        description="rows that this has, which may be fewer than the table's; at the end, those of "
        "the table; null until they are counted"
    )
    seconds_left: float | None = Field(
        description="until what is being done is done; null where that is not known"
    )
    created: float = Field(description="seconds since 1970")
    ended: float | None
    kept: int | None = Field(description="rows of the result")
    problems: int | None = Field(description="rows that could not be predicted")
    guesses: int | None = Field(
        description="rows left out since their values are mere guesses, of those in `in_full`"
    )
    outside: int | None = Field(
        description="rows of the result that lie outside the applicability domain for some property"
    )
    in_full: int | None = Field(
        description="rows that the model itself was given; fewer than `total` where its student "
        "ruled out the others"
    )
    words: str = Field(description="why it failed, or what else there is to say")


class JobList(BaseModel):
    """All jobs, the oldest first."""

    jobs: list[JobTold]


class ModelList(BaseModel):
    """All models that can answer."""

    model_config = _with_example(examples.MODELS)

    models: list[Model]
