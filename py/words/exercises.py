"""What is checked in the exercises of the page."""

EXERCISES = {}
