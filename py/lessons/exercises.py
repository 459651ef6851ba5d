"""All exercises of the lesson, by the id of their block."""

from lessons import exercise_challenges, exercise_tables

EXERCISES = exercise_tables.EXERCISES | exercise_challenges.EXERCISES
