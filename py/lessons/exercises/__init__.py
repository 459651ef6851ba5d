"""All exercises of the lesson, by the id of their block."""

from lessons.exercises import dims, noise, relu, truth_table

EXERCISES = truth_table.EXERCISES | {
    "challenge-dims": dims.EXERCISE,
    "challenge-noise": noise.EXERCISE,
    "challenge-relu": relu.EXERCISE,
}
