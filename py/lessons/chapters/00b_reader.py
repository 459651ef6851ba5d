# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## You are the annotator {#you}
#
# The human in *human feedback* can be you. Pick the flower that you like best, again and again; a reward model watches.
# Before each choice it settles which card it expects; when you have taken one, it says so. Every fourth question is
# held out: nothing is trained on it.
#
# Your choices are the text `flower_picks` in the code. They stay in this browser, unless you share the link with your
# edits.

# %% The best of four id="your-flowers" code="folded"
from preflab import flower_choices, picks
from preflab.playground import TASTE

# your choices, a sign each
flower_picks = ""  # @param {type:"string"}

flower_asked = flower_choices.ask()  # 16 questions, and four of them again
flower_read = picks.read(flower_picks, len(flower_asked.flowers))
flower_taken, flower_whose = picks.or_simulated(flower_read, flower_asked.flowers, TASTE, seed=5)
flower_learned = picks.learn(
    flower_asked.flowers, flower_taken, flower_asked.questions.again, flower_choices.PRIOR
)
flower_pairs = flower_choices.pairs(flower_asked, flower_learned)  # contexts, chosen, rejected

print(picks.report(flower_learned, flower_whose, flower_asked.questions))
show(flowers.choose(
    flower_asked.flowers, flower_read, "flower_picks",
    note="" if flower_read.picks else "Nobody has chosen yet. What is shown below comes from a simulated annotator.",
    lines=picks.json_lines(*(map(str, side.round(3).tolist()) for side in flower_pairs)) if flower_read.picks else "",
    onward={"block": "preferences", "name": "your_picks", "label": "Train the lesson on these"}
    if flower_learned.trained.any() else None,
))
charts.your_taste(
    ["petal length", "fullness", "hue", "droop", "centre"], flower_learned.taste.mean, flower_learned.taste.half,
    f"{'your' if flower_whose == 'you' else flower_whose + '’s'} taste", "part of a flower",
)

# %% [markdown]
# The dots are the reward model's weights, the lines their 90 % intervals: one that crosses zero says that the model
# cannot tell yet. Now let both methods train on your choices, three comparisons each.

# %% Flowers for you id="flowers-for-you" code="folded"
from preflab import playground as for_reader

# price of KL
beta_yours = 0.5  # @param {type:"slider", min:0.25, max:2, step:0.05}

if len(flower_pairs[1]):
    yours = for_reader.train_on(
        flower_pairs[0], flower_pairs[1] - flower_pairs[2], flower_learned.taste.mean, beta_yours
    )
    print(f"trained on {len(flower_pairs[1])} comparisons by {flower_whose}")
    show(flowers.garden(
        {name: drawn for name, drawn in for_reader.answers(yours, 5).items() if name != "optimum"},
        f"Flowers for {flower_whose}: five answers of each policy", room=100,
    ))
else:
    print("No card has been taken yet that could be trained on: every fourth question is held out.")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

flower_tastes = 0.9 * np.random.default_rng(11).standard_normal((60, 5))
flower_trials = [
    flower_choices.of_simulated(flower_asked, one_taste, seed) for seed, one_taste in enumerate(flower_tastes)
]
flower_cover = np.mean([
    abs(one.taste.mean - one_taste) <= one.taste.half
    for one, one_taste in zip(flower_trials, flower_tastes, strict=True)
])
flower_hit_rate = np.mean(np.concatenate([one.hits for one in flower_trials]))
fresh_flowers = np.random.default_rng(12).standard_normal((2000, 5))
flower_ranked = np.mean([
    (np.sign(fresh_flowers @ one.taste.mean) == np.sign(fresh_flowers @ one_taste))[
        abs(fresh_flowers @ one_taste) > 0.3].mean()
    for one, one_taste in zip(flower_trials, flower_tastes, strict=True)
])
claim("The 90 % intervals hold the weights of 60 simulated annotators in 85 to 95 % of cases",
      0.85 < flower_cover < 0.95, see="your-flowers")
claim("What is expected is right far more often than by chance", flower_hit_rate > 0.35, see="your-flowers")
claim("No choice that is held out is trained on",
      not flower_learned.trained[3::4].any() and not flower_learned.trained[16:].any(), see="your-flowers")
claim("The trained flowers have more of what the annotator likes than the reference's", all(
    (for_reader.answers(yours, 200)[who] @ TASTE).mean() > (for_reader.answers(yours, 200)["reference"] @ TASTE).mean()
    + 0.5 for who in ("RLHF", "DPO")))

# %% [markdown]
# How far can you trust this? For 60 simulated annotators who answered these questions, the intervals held the true
# weight in {{ flower_cover:.0%}} of cases, {{ flower_hit_rate:.0%}} of all choices were expected, and of two flowers
# that are clearly apart for them {{ flower_ranked:.0%}} were ranked right. At ten choices it is too early to tell.
# People are not made of five numbers, though. If you like a flower for a reason that is none of the five, the model
# will find another reason.
#
# Below, the lesson goes through all of it step by step, with a simulated annotator whose taste is known. “Train the
# lesson on these” gives it your comparisons; those that are missing are then answered by the taste that was learned
# of you, which also stands in for the true one, and the charts say so.
