"""Holds a reader's loss against reference cases, names a mistake that is known, and finds its line.

recorded  what reference implementations gave
mistakes  the table of known mistakes: their seeds, for tests/mutations.py, and what they make of a loss
families  what each loss takes, and the cases that it is held against
repair    the line on which one edit makes it right
judge     the verdict
"""
