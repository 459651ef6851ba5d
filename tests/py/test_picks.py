"""A reader's choices: how they are read, what is learned of them and how sure that is, and what is never trained on."""

import contextlib
import io
import json
import math
import warnings
import zlib
from base64 import urlsafe_b64encode

import numpy as np
import pytest
from gradients import differences

from lessons import annotator, flowers
from lessons.block_globals import GIVEN
from preflab import flower_choices, picks
from runtime import choices
from runtime.display import bundle
from words import grammar, network, preferences, readers, reference
from words.stories import agree, choose

ASKED = 24
TASTES = {name: 2 * preferences.taste(worth) for name, worth in preferences.TASTES.items()}
TASTES["long"] = -TASTES["short"]


def tell(n, seed):
    weights = reference.weights()
    noise = network.noise(n, grammar.LENGTH, len(grammar.VOCABULARY), np.random.default_rng(seed))
    return network.sample(network.policy(weights), noise)


@pytest.fixture(scope="module")
def stories():
    """Questions about stories from four draws of heaps: (questions, cards as stories, cards as counts, prior)."""
    prior = readers.prior(reference.weights())
    found = []
    for seed in (41, 51, 52, 53):
        told = tell(800, seed)
        counts = preferences.counts(told)
        asked = picks.questions(counts.reshape(20, 40, -1), prior, seed=1)
        found.append((asked, told[asked.cards], counts[asked.cards], prior))
    return found


@pytest.fixture(scope="module")
def readers_of_stories(stories):
    """(taste, what is learned) of six tastes, four times with other questions and other noise."""
    found = []
    for seed, (asked, _, counts, prior) in enumerate(stories):
        for taste in TASTES.values():
            read = picks.read(picks.simulated(counts, taste, [seed, 7]), len(counts))
            found.append((taste, picks.learn(counts, read.taken, asked.again, prior)))
    return found


@pytest.fixture(scope="module")
def gaps():
    """Fresh pairs of stories, as differences of their counts."""
    first, second = preferences.counts(tell(3000, 99)).reshape(2, 1500, -1)
    return first - second


# Reading


@pytest.mark.parametrize(
    ("text", "read", "said"),
    [
        ("", "", ""),
        ("3142-1", "3142-1", ""),
        ("9", "", "Sign 1 is '9'"),
        ("31a4", "31", "Sign 3 is 'a'"),
        ("3" * 40, "3" * ASKED, "40 signs for 24 questions"),
        ("3" * 10_000, "3" * ASKED, "10,000 signs for 24 questions"),
        ("3" * ASKED + "x", "3" * ASKED, "25 signs"),
        ("letters", "", "Sign 1 is 'l'"),
        ("1 2", "1", "Sign 2 is ' '"),
        (" 31\n", "31", ""),
        ("²", "", "Sign 1"),
        ("\x00", "", "Sign 1"),
        (3142, "", "not as int"),
        (None, "", "not as NoneType"),
    ],
)
def test_a_string_is_read_as_far_as_it_goes_and_one_sentence_says_where_it_ends(text, read, said):
    found = picks.read(text, ASKED)
    assert found.picks == read
    assert found.given == (text if isinstance(text, str) else "")
    assert said in found.damage
    assert bool(found.damage) == bool(said)
    assert found.damage.count(". ") == 0
    assert picks.written(found.taken) == read


def test_none_of_these_is_no_card():
    np.testing.assert_array_equal(picks.read("-14", ASKED).taken, [-1, 0, 3])


def link(*sources):
    """As app/tab/edits/share-link.js makes one."""
    edits = [[f"block-{k}", "abc", source] for k, source in enumerate(sources)]
    return packed(json.dumps(edits).encode())


def packed(text):
    press = zlib.compressobj(wbits=-15)
    signs = urlsafe_b64encode(press.compress(text) + press.flush()).decode()
    return "http://localhost/words/#edits=1." + signs.strip("=")


@pytest.mark.parametrize(
    ("given", "read", "said"),
    [
        ("3142", "3142", ""),
        (link("x = 1", '# mine\nstory_picks = "31-2"  # @param'), "31-2", ""),
        ("Here it is: " + link("story_picks = '4'") + " !", "4", ""),
        (link('story_picks = "31x"'), "31", "Sign 3 is 'x'"),
        (link('story_picks = ""'), "", ""),
        (link("x = 1"), "", "The link has no `story_picks`"),
        (link('story_picks = "3142"')[:-9], "", "The link is damaged"),
        ("http://localhost/#edits=1.", "", "The link is damaged"),
        ("http://localhost/#edits=1.ü", "", "The link is damaged"),
        (packed(b"7"), "", "The link is damaged"),
        (packed(b"[[1, 2, 3]]"), "", "The link is damaged"),
        (packed(b"[" * 100_000), "", "The link is damaged"),
        (packed(b" " * 50_000_000), "", "The link is damaged"),
        ("http://localhost/words/", "", "This link has no edits"),
        ("http://localhost/words/#edits=2.abc", "", "This link has no edits"),
        (link('story_picks = "31"').replace("#", "%23"), "31", ""),
        (" 3142 ", "3142", ""),
        ('"3142"', "3142", ""),
        ('story_picks = "3142"  # @param', "3142", ""),
        (7, "", "not as int"),
    ],
)
def test_a_friends_choices_are_read_out_of_their_link(given, read, said):
    found = picks.read_shared(given, "story_picks", ASKED)
    assert found.picks == picks.written(found.taken) == read
    assert said in found.damage
    assert bool(found.damage) == bool(said)


# The posterior


def test_the_posterior_is_the_mode_and_the_curvature_there():
    rng = np.random.default_rng(0)
    cards, taken, prior = rng.standard_normal((9, 4, 5)), rng.integers(4, size=9), np.diag([1, 2, 0.5, 1, 3.0])

    def loss(w):
        scores = cards @ w
        chosen = scores[np.arange(9), taken]
        return (np.log(np.exp(scores).sum(axis=1)) - chosen).sum() + w @ np.linalg.solve(prior, w) / 2

    found = picks.posterior(cards, taken, prior)
    np.testing.assert_allclose(differences(loss, found.mean), 0, atol=1e-6)
    hessian = [differences(lambda w, k=k: differences(loss, w, 1e-4)[k], found.mean, 1e-4) for k in range(5)]
    np.testing.assert_allclose(np.linalg.inv(hessian), found.cov, rtol=1e-4, atol=1e-5)


def test_without_choices_the_posterior_is_the_prior():
    found = picks.posterior(np.zeros((0, 4, 5)), np.zeros(0, int), 2 * np.eye(5))
    np.testing.assert_array_equal(found.mean, 0)
    np.testing.assert_array_equal(found.cov, 2 * np.eye(5))


def test_the_posterior_bears_tastes_beyond_all_measure():
    cards = 1e3 * np.random.default_rng(1).standard_normal((20, 4, 5))
    found = picks.posterior(cards, np.zeros(20, int), np.eye(5))
    assert np.isfinite(found.mean).all()
    assert (np.diag(found.cov) > -1e-9).all()


def test_a_forecast_is_made_of_probabilities_and_is_the_same_each_time():
    cards = np.random.default_rng(2).standard_normal((4, 5))
    taste = picks.Taste(np.ones(5), np.eye(5))
    said = picks.forecast(taste, cards)
    assert said.sum() == pytest.approx(1)
    np.testing.assert_array_equal(said, picks.forecast(taste, cards))
    sure = picks.forecast(picks.Taste(np.ones(5), 1e-12 * np.eye(5)), cards)
    e = np.exp(cards.sum(axis=1))
    np.testing.assert_allclose(sure, e / e.sum(), rtol=1e-4)


# What is asked


def test_the_same_string_has_the_same_questions_and_answers(stories):
    asked, cards, counts, prior = stories[0]
    again = picks.questions(preferences.counts(tell(800, 41)).reshape(20, 40, -1), prior, seed=1)
    np.testing.assert_array_equal(again.cards, asked.cards)
    np.testing.assert_array_equal(again.again, asked.again)
    text = picks.simulated(counts, TASTES["kind"], 3)
    assert text == picks.simulated(counts, TASTES["kind"], 3)
    first, second = (picks.learn(counts, picks.read(text, ASKED).taken, asked.again, prior) for _ in range(2))
    np.testing.assert_array_equal(first.taste.mean, second.taste.mean)


def test_no_question_has_a_card_twice_and_the_last_four_repeat_earlier_ones_in_another_order(stories):
    for asked, cards, _, _ in stories:
        assert cards.shape == (ASKED, 4, grammar.LENGTH)
        assert all(len({grammar.text(card) for card in four}) == 4 for four in cards)
        assert asked.new == 20
        for k in range(20, ASKED):
            earlier = asked.cards[asked.again[k]]
            assert set(earlier) == set(asked.cards[k])
            assert (earlier != asked.cards[k]).all()


def test_the_first_choices_of_a_longer_string_tell_the_same(stories):
    asked, _, counts, prior = stories[0]
    text = picks.simulated(counts, TASTES["food"], 3)
    whole = picks.learn(counts, picks.read(text, ASKED).taken, asked.again, prior)
    part = picks.learn(counts, picks.read(text[:7], ASKED).taken, asked.again, prior)
    np.testing.assert_allclose(part.said, whole.said[:7])


# Honesty


def test_a_forecast_knows_nothing_of_the_choice_that_it_is_about(stories):
    asked, _, counts, prior = stories[0]
    said = [
        picks.learn(counts, picks.read(f"31424{last}", ASKED).taken, asked.again, prior).said[5] for last in "1234-"
    ]
    for other in said[1:]:
        np.testing.assert_array_equal(other, said[0])


def test_every_fourth_question_the_repeats_and_none_are_never_trained_on(stories):
    asked, _, counts, prior = stories[0]
    text = "1-23" * 6
    found = picks.learn(counts, picks.read(text, ASKED).taken, asked.again, prior)
    expected = [k for k in range(20) if k % 4 not in (1, 3)]
    np.testing.assert_array_equal(np.flatnonzero(found.trained), expected)
    other = "1-24" * 5 + "4321"  # differs in what is not trained on, and only there
    changed = picks.learn(counts, picks.read(other, ASKED).taken, asked.again, prior)
    np.testing.assert_array_equal(changed.taste.mean, found.taste.mean)
    assert len(found.hits) == 15
    assert len(found.held_out_hits) == 5


def test_shares_have_wilsons_interval():
    p, low, high = picks.share(np.array([True] * 8 + [False] * 12))
    z = 1.6448536
    for end in (low, high):  # where the score test just rejects
        assert abs(p - end) == pytest.approx(z * math.sqrt(end * (1 - end) / 20))
    assert picks.share(np.array([]))[1:] == (0, 1)


def test_six_tastes_are_ranked_right_in_four_of_five_fresh_clear_pairs(readers_of_stories, gaps):
    right = []
    for taste, found in readers_of_stories:
        clear = abs(gaps @ taste) > 0.6  # 0.3 in units of the taste before it is doubled
        right.append((np.sign(gaps @ taste) == np.sign(gaps @ found.taste.mean))[clear].mean())
    assert np.mean(right) >= 0.80


def test_90_percent_intervals_hold_the_truth_in_85_to_95_percent(readers_of_stories, gaps):
    of_gaps, of_words = [], []
    for taste, found in readers_of_stories:
        spread = np.sqrt(((gaps @ found.taste.cov) * gaps).sum(axis=1))
        of_gaps.append((abs(gaps @ (taste - found.taste.mean)) <= picks.Z * spread).mean())
        of_words.append((abs(taste - found.taste.mean) <= found.taste.half)[1:].mean())
    assert 0.85 < np.mean(of_gaps) < 0.95
    assert 0.85 < np.mean(of_words) < 0.97


def test_choices_are_expected_more_often_than_by_chance_and_held_out_ones_as_often(readers_of_stories):
    hits, held = (np.concatenate([getattr(found, which) for _, found in readers_of_stories])
                  for which in ("hits", "held_out_hits"))
    assert picks.share(hits)[1] > 0.35
    assert picks.share(held)[1] > 0.3


# What goes on from there


def test_a_choice_is_three_pairs_and_none_of_these_is_no_pair():
    cards = np.arange(8).reshape(2, 4)
    chosen, rejected = picks.pairs(cards, np.array([2, -1]))
    np.testing.assert_array_equal(chosen, [2, 2, 2])
    np.testing.assert_array_equal(rejected, [0, 1, 3])
    assert [len(side) for side in picks.pairs(cards, np.array([-1, -1]))] == [0, 0]
    assert [len(side) for side in picks.pairs(cards, np.array([], int))] == [0, 0]


def test_agreement_is_about_the_answer_and_not_about_its_place():
    asked = picks.Questions(np.array([[5, 6, 7, 8], [7, 5, 8, 6]]), np.array([-1, 0]))
    assert picks.agreement(asked, np.array([0, 1])).tolist() == [True]
    assert picks.agreement(asked, np.array([0, 0])).tolist() == [False]
    assert picks.agreement(asked, np.array([-1, 0])).tolist() == []
    assert picks.agreement(asked, np.array([0])).tolist() == []


def test_two_readers_are_compared_where_both_took_a_card(stories):
    asked = stories[0][0]
    first, second = picks.read("12-4" * 6, ASKED).taken, picks.read("11144", ASKED).taken
    which, same = picks.in_common(asked, first, second)
    assert which.tolist() == [0, 1, 3, 4]
    assert same.tolist() == [True, False, True, False]


def test_pairs_as_json_lines():
    lines = picks.json_lines(["Tell."] * 2, ["a cat", "ein “ß”\n"], ["a dog", "b"]).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"prompt": "Tell.", "chosen": "a cat", "rejected": "a dog"},
        {"prompt": "Tell.", "chosen": "ein “ß”\n", "rejected": "b"},
    ]


def test_nobodys_choices_are_a_simulated_annotators_and_that_is_said(stories):
    asked, _, counts, prior = stories[0]
    taken, who = picks.or_simulated(picks.read("", ASKED), counts, TASTES["cats"], 1)
    assert (len(taken), who) == (ASKED, "a simulated annotator")
    assert "simulated annotator" in picks.report(picks.learn(counts, taken, asked.again, prior), who, asked)
    assert picks.or_simulated(picks.read("2", ASKED), counts, TASTES["cats"], 1)[1] == "you"


def test_the_report_says_what_was_expected_and_when_there_is_too_little(stories):
    asked, _, counts, prior = stories[0]

    def report(text):
        return picks.report(picks.learn(counts, picks.read(text, ASKED).taken, asked.again, prior), "you", asked)

    assert "too few" in report("3142132143")
    assert "too few" not in report("31421321432")
    assert "held out" in report("3142")
    assert "you took none" in report("-")
    assert report("") == ""
    assert "of 4 times" in report("1234" * 6)


def test_was_this_you_counts_as_held_out(stories):
    asked, _, counts, prior = stories[0]
    learned = picks.learn(counts, picks.read("1234" * 6, ASKED).taken, asked.again, prior)
    about = "1234" * 6
    assert "of 6" in picks.verdict(f"{about} 1", learned, about)
    assert picks.verdict(f"{about} 2", learned, about).startswith("You do not agree")
    assert "Not answered" in picks.verdict("", learned, about)
    for answer in ("7", "1", 1):
        assert "is no answer" in picks.verdict(answer, learned, about)
    assert "have changed since" in picks.verdict("1234 1", learned, about)
    assert picks.verdict("1", learned, "").startswith("Choose above first")


def test_was_this_you_asks_only_who_has_chosen_and_only_once_about_the_same():
    assert agree("", "was_it_you", "")["cards"] == []
    asked = agree("", "was_it_you", "31")
    assert (len(asked["cards"]), asked["picks"]) == (2, "31 ")
    done = agree("31 1", "was_it_you", "31")
    assert (done["cards"], done["picks"], done["asked"]) == ([], "31 1", "Thank you.")
    assert len(agree("31 1", "was_it_you", "314")["cards"]) == 2
    assert len(agree("1", "was_it_you", "31")["cards"]) == 2


# Flowers


def test_the_lesson_gets_a_readers_pairs_and_says_so():
    weights, contexts, chosen, rejected = flower_choices.of_reader("3142-1")
    assert (contexts.shape, chosen.shape, rejected.shape) == ((12, 4), (12, 5), (12, 5))
    learned = (chosen - rejected) @ weights
    assert (learned > 0).mean() > 0.6
    for text in ("", "9", "----", "---1"):
        with pytest.raises(ValueError, match="Sign 1|no choice"):
            flower_choices.of_reader(text)
    with pytest.warns(UserWarning, match="Sign 3 is 'x'"):
        flower_choices.of_reader("31x4")


@pytest.mark.parametrize("text", ["-", "----", "---1", "1", "-" * 20, "31x4", "9"])
def test_the_blocks_about_flowers_run_whatever_was_chosen(blocks, text):
    space = dict(GIVEN)
    source = blocks["your-flowers"].replace('flower_picks = ""', f"flower_picks = {text!r}")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("error")
        exec(source, space)
        exec(blocks["flowers-for-you"], space)
    assert "trained on" in printed.getvalue()
    assert "nan" not in printed.getvalue()


def test_charts_say_whose_taste_they_show():
    try:
        annotator.annotator("your taste")
        assert annotator.title_of("Scores") == "Scores (your taste)"
        assert annotator.figure({"traces": [], "xaxis": {}, "yaxis": {}}, "A", "")["layout"]["meta"]["title"].endswith(
            "(your taste)")
        told = flowers.pairs(np.ones((2, 5)), np.zeros((2, 5)), np.array([1, 0, -2, 0, 0]))
        assert "hue (2) -2.0" in told["summary"]
    finally:
        annotator.annotator()
    assert annotator.title_of("Scores") == "Scores"


# As the page is given them


@pytest.mark.parametrize("text", ["", "3142", "9", "3" * 10_000, "1" * ASKED, 7])
def test_cards_are_plain_data_whatever_the_string(stories, text):
    cards = stories[0][1]
    read = picks.read(text, ASKED)
    shown = [choose(cards, read, "story_picks"), flowers.choose(flower_choices.ask().flowers, read, "flower_picks")]
    for data in [*shown, agree(text, "was_it_you", "31")]:
        mime, plain = bundle(data)
        assert mime == choices.MIME
        assert len(json.dumps(plain)) < 60_000
        assert len(data["given"]) <= choices.LONGEST + 1


def test_what_is_nearly_a_choice_is_none():
    good = choices.choices("t", "n", "", [choices.card("a")])
    assert choices.is_choices(good)
    for change in ({"cards": [3]}, {"cards": [{"text": 1, "svg": None}]}, {"picks": 3}, {"none": 1}, {"onward": {}},
                   {"more": 1}):
        assert not choices.is_choices(good | change)
