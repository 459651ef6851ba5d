"""All exercises of the lesson, by the id of their block."""

from lessons.exercises import beta_tables, by_hand, dims, noise, relu, repair

EXERCISES = beta_tables.EXERCISES | by_hand.EXERCISES | {
    "exercise-repair": repair.EXERCISE,
    "challenge-dims": dims.EXERCISE,
    "challenge-noise": noise.EXERCISE,
    "challenge-relu": relu.EXERCISE,
}  # fmt: skip
