"""A language model small enough to be solved: a storyteller of some 75 words, what it may be taught, the exact answers.

NumPy alone. Functions take arrays and generators and return arrays. A story is a row of LENGTH word codes; END (0) both
starts and ends it, and fills the row after its end. Log-probs, KL and rewards are in nats.

grammar      the vocabulary, and stories of a grammar as a corpus
network      the next word from the last two: log-probs, gradients, sampling; Adam
reference    the trained storyteller's weights
solve        soft value iteration; rewards, KL and lengths of a policy without sampling
preferences  tastes, a simulated annotator, a Bradley-Terry model over words
charts       what the page draws
exercises    what is checked in the page's exercises
"""
