"""All exercises of the lesson, by the id of their block."""

from lessons import exercise_dims, exercise_noise, exercise_relu, exercise_tables

EXERCISES = exercise_tables.EXERCISES | {
    "challenge-dims": exercise_dims.EXERCISE,
    "challenge-noise": exercise_noise.EXERCISE,
    "challenge-relu": exercise_relu.EXERCISE,
}
