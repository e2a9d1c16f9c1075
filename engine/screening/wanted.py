"""Which rows of a screening are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..base.errors import UserError
from ..inference.specification import Requirement, read_specification
from ..settings.properties import Property


@dataclass(frozen=True)
class Wanted:
    """Which rows are kept.

    Attributes:
        keep: what their predictions have to meet; a row has to meet all.
        by: the property by whose direction the best are chosen; by the probability of meeting
            `keep` where it is None.
        top: how many of the best are kept, best first; all, in the order of the files, where it is
            None.
        with_guesses: whether a value counts that is a mere guess: of a unit with atoms that no
            training unit has.
        inside_only: whether units have to lie in the applicability domain for what is asked for.
        in_full: whether the ensemble predicts all rows, also where the model has a student.
    """

    keep: Sequence[Requirement] = ()
    by: Requirement | None = None
    top: int | None = None
    with_guesses: bool = False
    inside_only: bool = False
    in_full: bool = False

    @classmethod
    def of_words(
        cls,
        answers: list[Property],
        keep: str = "",
        by: str = "",
        top: int | None = None,
        with_guesses: bool = False,
        inside_only: bool = False,
        in_full: bool = False,
    ) -> "Wanted":
        """What is wanted in words, such as `Tg > 150, Density < 1.2` and `Tc high`.

        Args:
            answers: the properties that the model answers.
            keep: what rows have to meet.
            by: the property by which the best are chosen, and its direction.
            top, with_guesses, inside_only, in_full: see the class.

        Raises:
            UserError: when they cannot be read, or contradict each other.
        """
        directions = read_specification(by, answers)
        if len(directions) > 1 or (by.strip() and not directions):
            raise UserError(f"The best are chosen by one property and its direction, not {by!r}.")
        direction = directions[0] if directions else None
        requirements = read_specification(keep, answers)
        wanted = cls(requirements, direction, top, with_guesses, inside_only, in_full)
        wanted.check()
        return wanted

    @classmethod
    def of_specification(
        cls, requirements: Sequence[Requirement], top: int, inside_only: bool = False
    ) -> "Wanted":
        """The best rows that a specification asks for.

        They have to lie between all its ends. They are chosen by the property that should be as
        high or as low as possible; without one, by the probability of meeting the ends.

        Args:
            requirements: of the specification.
            top: how many rows.
            inside_only: see the class.

        Raises:
            UserError: when several properties should be as high or as low as possible.
        """
        aims = [each for each in requirements if each.direction]
        if len(aims) > 1:
            raise UserError(
                f"Rows cannot be chosen by both {aims[0].name} and {aims[1].name}: let one of them "
                "be as high or as low as possible, and give the other an end."
            )
        keep = [each.model_copy(update={"direction": ""}) for each in requirements if each.has_ends]
        by = [Requirement(name=each.name, direction=each.direction) for each in aims]
        return cls(keep, by[0] if by else None, top, inside_only=inside_only)

    def check(self) -> None:
        """See that it can be carried out.

        Raises:
            UserError: when it contradicts itself.
        """
        if loose := [each.name for each in self.keep if not each.has_ends]:
            raise UserError(
                f"{loose[0]} has a direction and no end to be kept by: give the direction as what "
                "the best are chosen by (`by`), or an end such as “> 150”."
            )
        if self.by and (self.by.has_ends or not self.by.direction):
            raise UserError(
                f"The best cannot be chosen by {self.by.words()!r}: give one property and its "
                "direction, such as “Tc high”."
            )
        if self.by and self.top is None:
            raise UserError("Say how many of the best are to be kept (`top`).")
        if self.top is not None and self.top < 1:
            raise UserError("At least one row is to be kept.")
        if self.top is not None and not (self.by or self.keep):
            raise UserError("Say by what the best are to be chosen (`by`), such as “Tc high”.")
