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
# - Both aim at $\pi_\text{ref}\,e^{r/\beta}$, each for its own reward: RLHF's here has five numbers, DPO's twenty.
#   Over 20 seeds their scores cannot be told apart, and DPO spends more KL; with the same shape of reward they would
#   be equal at their exact ends.
# - DPO pushes the two answers of a pair apart. It need not make the chosen one likelier.
# - Watch the KL. It shows what the loss does not: a missing penalty, a tiny $\beta$, too few pairs.
#
# ## Questions {#faq}
#
# ### Can I do this without a pretrained model? {#faq-pretrained}
#
# The methods need a reference that already gives answers worth comparing. From a language model with random weights
# both answers of a pair are gibberish, and the comparison says hardly anything. That is why recipes usually start with
# SFT. Here `W_REF` is random and it does no harm: any five numbers are an answer, and the taste has an opinion on it.
#
# ### Why PPO and not plain REINFORCE? {#faq-reinforce}
#
# ::: guess faq-ppo One answer in the batch got an absurd reward. After a single pass over it, who has moved further?
# - PPO
# - REINFORCE
# - neither
#
# Neither: {{ np.linalg.norm(ppo[1] - W_REF):.3f}} and {{ np.linalg.norm(reinforce[1] - W_REF):.3f}}. After 60 passes
# it is {{ np.linalg.norm(ppo[60] - W_REF):.2f}} and {{ np.linalg.norm(reinforce[60] - W_REF):.2f}}.
# :::
#
# REINFORCE takes the same gradient, $A\,\nabla\log\pi$. For *one* pass over a batch the two are identical, as the
# first row below shows. The difference comes when a batch is used again, which you want, because sampling is the
# expensive part. REINFORCE then keeps pushing the same answers as if nothing had moved; PPO's clip stops the gradient
# of those that have moved far enough. Here is one bad batch, in which a single answer got an absurd reward.

# %% REINFORCE against PPO on one bad batch id="faq-ppo"
rng = np.random.default_rng(3)
batch_contexts = sample_contexts(32, rng)
batch_outputs = generate_output(batch_contexts, W_REF, rng)
batch_rewards = batch_outputs @ rm_weights
batch_rewards[0] += 50.0  # one answer fooled the reward model
advantages = whiten(batch_rewards)


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

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402
from preflab.evaluate import verdict  # noqa: E402

claim("For one pass REINFORCE and PPO are identical", bool((reinforce[1] == ppo[1]).all()))
claim("After that REINFORCE keeps going, and PPO hardly",
      np.linalg.norm(reinforce[60] - W_REF) > 4 * np.linalg.norm(ppo[60] - W_REF))
claim("Over 20 seeds their scores cannot be told apart, and DPO spends more KL",
      verdict(twenty[:, 0, 0] - twenty[:, 1, 0]) == "cannot be told"
      and verdict(twenty[:, 1, 1] - twenty[:, 0, 1]) == "holds", see="compare")
claim("With the same shape of reward RLHF and DPO are equal at their exact ends", distance < 1e-9, see="same-class")
claim("DPO need not make the chosen answers likelier", chosen_shift[-1] < 0, see="log-ratios")
claim("Between Gaussians of one spread the KL is the same both ways",
      abs(kl_to_reference(W_REF, dpo_policy) - kl_to_reference(dpo_policy)) < 1e-9, see="policy")

# %% [markdown]
# ### Is DPO always better, being simpler? {#faq-dpo}
#
# No. It is simpler, and in the linear world of this page it does as well for the score. But it learns only from the
# pairs it is given, it fits as many numbers as its policy has, and it cannot use a reward that is not a comparison.
# When answers can be checked, a method that samples from the current policy learns from its own mistakes, which stored
# pairs do not contain; [online DPO](#online) goes half that way.
#
# ### What exactly is the KL here? {#faq-kl}
#
# The mean of $\log\pi(y \mid x) - \log\pi_\text{ref}(y \mid x)$ over the policy's own answers, in nats, averaged over
# contexts. The KL that this page shows is computed exactly; the price in PPO's reward is an estimate from samples. For
# a language model there is only the estimate, token by token. In general the KL is not symmetric: averaged over the
# *reference's* answers, and with the sign turned, it would be the forward KL, another number with another meaning.
# Between Gaussians of one spread, such as ours, the two are equal.
#
# ### What about IPO, KTO, ORPO and rule-based rewards? {#relatives}
#
# IPO, KTO, ORPO and others change the loss of DPO. They run [among the relatives](#variants), all but
# ORPO beside the end that theory gives.
#
# *Rule-based rewards* skip the reward model. If a program can tell whether an answer is right (a proof checker, a
# unit test), its verdict is the reward, and PPO or one of its kin does the rest. [One of them runs](#verifiable), too.
#
# ### I come from the article. What is called how? {#article-names}
#
# | there | here | why it differs |
# | --- | --- | --- |
# | `rm_weights`, `rm_losses`, `policy_weights`, `ref_weights`, `dpo_policy`, `dpo_losses` | the same | |
# | `rm_bias` | none | it cancels in every pair, so pairs cannot teach it |
# | `compute_kl_penalty` | `beta * log_ratio` in `train_ppo`, `kl_to_reference` | a squared distance without $1/2\sigma^2$ is not in nats |
# | `rlhf_drift` | `kl_to_reference(policy_weights)` | nats, in place of a mean squared difference of weights |
# | arguments of `ppo_step` | `ppo_step(weights, old_weights, contexts, outputs, advantages)` | PPO's ratio needs the policy that sampled |
# | "complete code" | “Take along” | one file or notebook, with your edits |
#
# What became of its figures and its claims is in the [ledger](#the-ledger).
