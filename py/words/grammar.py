"""Stories such as "the polite ghost knitted a magic hat": a small grammar, drawn whole columns at a time.

Stories are (n, LENGTH) integers. A word's code is its place in VOCABULARY; END, the full stop, is 0.
"""

import numpy as np

END = 0
LENGTH = 14  # the longest story has 13 words and its END

# A slot is a choice of words, each as likely as it stands often; _ is no word.
SUBJECT = "the|a _|_|_|clumsy|tiny|happy|grumpy|lost|brave|sleepy|polite cat|dog|dragon|robot|witch|ghost|king|mouse"
ACTIONS = (
    "slept|sang|danced|cried|laughed|sneezed|apologised _|_|_|twice|loudly _ _",
    "found|hid|knitted a golden|broken|magic key|crown|hat",
    "ate|stole|baked the sweet|burnt cake|soup|cheese",
    "met a kind|cruel|funny friend|stranger|accountant",
    "was happy|sad|afraid|hungry|alone _ _",
)
PLACES = (
    "by the warm|cold fire",
    "in the dark|green forest",
    "on the soft|broken sofa",
    "under the bright|pale moon",
    "near the calm|wild sea",
)
PLACED = (0.9, 0.4, 0.2, 0.4, 0.0)  # how often an action says where
SEQUEL, FOLLOWED = "and slept|sang|danced|cried|laughed", 0.25

_WORDS = " ".join((SUBJECT, *ACTIONS, *PLACES, SEQUEL)).replace("|", " ").split()
VOCABULARY = (".", *sorted(set(_WORDS) - {"_"}))
CODES = {word: code for code, word in enumerate(VOCABULARY)}


def corpus(n: int, rng: np.random.Generator) -> np.ndarray:
    """n stories of the grammar, (n, LENGTH)."""
    action = rng.integers(len(ACTIONS), size=n)
    place = rng.integers(len(PLACES), size=n)
    placed = rng.random(n) < np.array(PLACED)[action]
    followed = rng.random(n) < FOLLOWED
    columns = np.concatenate(
        [
            _draw(SUBJECT, n, rng),
            _chosen(ACTIONS, action, rng),
            _chosen(PLACES, place, rng) * placed[:, None],
            _draw(SEQUEL, n, rng) * followed[:, None],
        ],
        axis=1,
    )
    # Words move to the left, past the empty slots; the order among them stays.
    order = np.argsort(columns == END, axis=1, kind="stable")
    told = np.take_along_axis(columns, order, axis=1)
    return np.pad(told, ((0, 0), (0, LENGTH - told.shape[1])))


def text(story: np.ndarray) -> str:
    """What a story (LENGTH,) says, without its END."""
    return " ".join(words(story))


def words(story: np.ndarray) -> list[str]:
    """The words of a story (LENGTH,) before its END."""
    ends = np.flatnonzero(np.asarray(story) == END)
    return [VOCABULARY[code] for code in story[: ends[0] if len(ends) else None]]


def coded(told: str) -> np.ndarray:
    """The story (LENGTH,) of a text. Raises KeyError for words that are not in the vocabulary."""
    codes = [CODES[word] for word in told.split()]
    return np.array(codes + [END] * (LENGTH - len(codes)))


def _draw(phrase: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """n draws of a phrase, a column a slot; END where a slot stays empty."""
    slots = [[CODES.get(word, END) for word in slot.split("|")] for slot in phrase.split()]
    return np.stack([rng.choice(slot, n) for slot in slots], axis=1)


def _chosen(phrases: tuple[str, ...], which: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each story a draw of the phrase that `which` (n,) names. All phrases have the same number of slots."""
    drawn = np.stack([_draw(phrase, len(which), rng) for phrase in phrases])
    return drawn[which, np.arange(len(which))]
