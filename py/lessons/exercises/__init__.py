"""All exercises, by the id of their block."""

from lessons.exercises import beta_tables, by_hand, dims, noise, relu, repair

EXERCISES = beta_tables.EXERCISES | by_hand.EXERCISES | {
    "exercise-repair": repair.EXERCISE,
    "challenge-dims": dims.EXERCISE,
    "challenge-noise": noise.EXERCISE,
    "challenge-relu": relu.EXERCISE,
}  # fmt: skip


def exercise(block):
    """That of a block. Those of the page of words are in a package that is fetched when it is first imported."""
    if block in EXERCISES:
        return EXERCISES[block]
    from words.exercises import EXERCISES as OF_WORDS

    return OF_WORDS[block]
