"""All exercises of the lesson, by the id of their block."""

from lessons.exercises import beta_tables, dims, noise, relu

EXERCISES = beta_tables.EXERCISES | {
    "challenge-dims": dims.EXERCISE,
    "challenge-noise": noise.EXERCISE,
    "challenge-relu": relu.EXERCISE,
}
