# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Summary {#summary}
#
# - Preferences are comparisons. Bradley–Terry turns differences of reward into probabilities, and a logistic loss
#   turns probabilities into a reward model.
# - RLHF maximises that reward minus $\beta$ times the KL to the reference. PPO does it with samples, a ratio and a
#   clip.
# - DPO solves the same problem on paper first. Its policy is its own reward model, $\beta\log(\pi/\pi_\text{ref})$.
# - Both aim at $\pi_\text{ref}\,e^{r/\beta}$. On the same 200 pairs they land next to each other.
# - Watch the KL. It is the one number that shows missing leashes, tiny $\beta$ and thin data.
#
# ## Questions {#faq}
#
# ### Can I do this without a pretrained model? {#faq-pretrained}
#
# The methods need a reference that already gives answers worth comparing. With a random one, pairs carry
# hardly any information: both answers are noise. That is why every recipe starts with SFT. On this page the
# "pretrained" model
# is `W_REF`, and it can already answer.
#
# ### Why PPO and not plain REINFORCE? {#faq-reinforce}
#
# REINFORCE takes the same gradient, $A\,\nabla\log\pi$. For *one* pass over a batch the two are identical, as the first
# row below shows. The difference comes when a batch is used again, which you want, because sampling is the
# expensive part. REINFORCE then keeps pushing the same answers as if nothing had moved. PPO's clip lets go. Here
# is one bad batch, in which a single answer got an absurd reward.

# %% REINFORCE against PPO on one bad batch id="faq-ppo"
rng = np.random.default_rng(3)
batch_contexts = sample_contexts(32, rng)
batch_outputs = generate_output(batch_contexts, W_REF, rng)
batch_rewards = batch_outputs @ rm_weights
batch_rewards[0] += 50.0  # one answer fooled the reward model
advantages = (batch_rewards - batch_rewards.mean()) / batch_rewards.std()


def reinforce_step(weights, contexts, outputs, advantages, lr=0.05):
    """One ascent step on A log pi, blind to which policy the batch came from."""
    score = (outputs - contexts @ weights) / SIGMA**2
    return weights + lr * contexts.mT @ (advantages[..., None] * score) / outputs.shape[-2]


reinforce, ppo = [W_REF], [W_REF]
for _ in range(60):
    reinforce.append(reinforce_step(reinforce[-1], batch_contexts, batch_outputs, advantages))
    ppo.append(ppo_step(ppo[-1], W_REF, batch_contexts, batch_outputs, advantages))

print("distance moved, |W - W_ref|")
print("passes   REINFORCE     PPO")
for passes in (1, 2, 4, 10, 30, 60):
    distances = [np.linalg.norm(path[passes] - W_REF) for path in (reinforce, ppo)]
    print(f"{passes:6} {distances[0]:11.3f} {distances[1]:7.3f}")

charts.bad_batch(*[[kl_to_reference(w) for w in path] for path in (reinforce, ppo)])

# %% [markdown]
# ### Is DPO always better, being simpler? {#faq-dpo}
#
# No. It is simpler, and on this page it does as well for the score. But it learns only from the pairs it is given, it
# needs more of them to waste as little KL, and it cannot use a reward that is not a comparison. When answers can be
# checked,
# a method that samples from the current policy learns from its own mistakes, which stored pairs do not contain.
#
# ### What exactly is the KL here? {#faq-kl}
#
# The mean of $\log\pi(y \mid x) - \log\pi_\text{ref}(y \mid x)$ over the policy's own answers, in nats, averaged over
# contexts. On this page it is computed exactly. For a language model it is estimated from samples, token by token.
# It is not symmetric: averaged over the *reference's* answers it would be another number, with another meaning.
#
# ### What about IPO, KTO, ORPO and rule-based rewards? {#relatives}
#
# IPO, KTO, ORPO and others change the loss of DPO. They run [above](#variants), each beside the place where theory
# says it ends.
#
# *Rule-based rewards* skip the reward model. If a program can tell whether an answer is right (a proof checker, a
# unit test),
# its verdict is the reward, and PPO or one of its kin does the rest.
#
# ## References {#references}
#
# - Bradley and Terry (1952), *Rank analysis of incomplete block designs: I. The method of paired comparisons*,
#   Biometrika 39.
# - Christiano and others (2017), *Deep reinforcement learning from human preferences*, arXiv 1706.03741.
# - Schulman and others (2017), *Proximal policy optimization algorithms*, arXiv 1707.06347.
# - Ziegler and others (2019), *Fine-tuning language models from human preferences*, arXiv 1909.08593.
# - Ouyang and others (2022), *Training language models to follow instructions with human feedback*, arXiv 2203.02155.
# - Rafailov and others (2023), *Direct preference optimization: your language model is secretly a reward model*,
#   arXiv 2305.18290.
# - Azar and others (2023), *A general theoretical paradigm to understand learning from human preferences*, arXiv
#   2310.12036.
# - Ethayarajh and others (2024), *KTO: model alignment as prospect theoretic optimization*, arXiv 2402.01306.
# - Meng and others (2024), *SimPO: simple preference optimization with a reference-free reward*, arXiv 2405.14734.
# - Hong and others (2024), *ORPO: monolithic preference optimization without reference model*, arXiv 2403.07691.
# - Mitchell (2023), *A note on DPO with noisy preferences and relationship to IPO*.
# - Ray Chowdhury and others (2024), *Provably robust DPO: aligning language models with noisy feedback*, arXiv
#   2403.00409.
# - Williams (1992), *Simple statistical gradient-following algorithms for connectionist reinforcement learning*,
#   Machine Learning 8.
# - Ahmadian and others (2024), *Back to basics: revisiting REINFORCE-style optimization for learning from human
#   feedback in LLMs*, arXiv 2402.14740.
# - Shao and others (2024), *DeepSeekMath: pushing the limits of mathematical reasoning in open language models*,
#   arXiv 2402.03300.
# - Gao and others (2023), *Scaling laws for reward model overoptimization*, arXiv 2210.10760.
#
# The lesson follows the outline of *RLHF & DPO Explained: Simulate Alignment in Python* (machinelearningplus.com), on
# a recipe in which
# each of its claims can be checked.
