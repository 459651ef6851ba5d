"""Runs the blocks of a page: source in, events out. Knows neither JavaScript nor the lesson."""
