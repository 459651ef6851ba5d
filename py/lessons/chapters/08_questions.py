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
# The methods need a reference that already gives answers worth comparing. With a random one, pairs carry
# hardly any information: both answers are noise. That is why recipes usually start with SFT. On this page the
# "pretrained" model is `W_REF`, and it can already answer.
#
# ### Why PPO and not plain REINFORCE? {#faq-reinforce}
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

claim("for one pass REINFORCE and PPO are identical", bool((reinforce[1] == ppo[1]).all()))
claim("after that REINFORCE keeps going", np.linalg.norm(reinforce[60] - W_REF) > 4 * np.linalg.norm(ppo[60] - W_REF))
claim("their scores cannot be told apart, and DPO spends more KL",
      verdict(twenty[:, 0, 0] - twenty[:, 1, 0]) == "cannot be told"
      and verdict(twenty[:, 1, 1] - twenty[:, 0, 1]) == "holds")
claim("with the same shape of reward they would be equal", distance < 1e-9)
claim("DPO need not make the chosen answer likelier", chosen_shift[-1] < 0)
claim("between Gaussians of one spread the KL is the same both ways",
      abs(kl_to_reference(W_REF, dpo_policy) - kl_to_reference(dpo_policy)) < 1e-9)

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
# contexts. On this page it is computed exactly. For a language model it is estimated from samples, token by token.
# In general it is not symmetric: averaged over the *reference's* answers, and with the sign turned, it would be the
# forward KL, another number with another meaning. Between Gaussians of one spread, such as ours, the two are equal.
#
# ### What about IPO, KTO, ORPO and rule-based rewards? {#relatives}
#
# IPO, KTO, ORPO and others change the loss of DPO. They run [further on](#variants), each beside its exact end.
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
# | arguments | policies first, then contexts, then answers: `ppo_step(weights, old_weights, contexts, outputs, advantages)` | PPO's ratio needs the policy that sampled |
# | "complete code" | “Take along” | one file or notebook, with your edits |
#
# What became of its figures and its claims is in the [ledger](#the-ledger).
#
# ## References {#references}
#
# - Bradley and Terry (1952), *Rank analysis of incomplete block designs: I. The method of paired comparisons*,
#   Biometrika 39.
# - Williams (1992), *Simple statistical gradient-following algorithms for connectionist reinforcement learning*,
#   Machine Learning 8.
# - Schulman and others (2016), *High-dimensional continuous control using generalized advantage estimation*, arXiv
#   1506.02438.
# - Christiano and others (2017), *Deep reinforcement learning from human preferences*, arXiv 1706.03741.
# - Schulman and others (2017), *Proximal policy optimization algorithms*, arXiv 1707.06347.
# - Ziegler and others (2019), *Fine-tuning language models from human preferences*, arXiv 1909.08593.
# - Schulman (2020), *Approximating KL divergence*, joschu.net/blog/kl-approx.html: the estimators k1, k2 and k3.
# - Ouyang and others (2022), *Training language models to follow instructions with human feedback*, arXiv 2203.02155.
# - Lambert and others (2022), *Illustrating reinforcement learning from human feedback (RLHF)*, Hugging Face blog.
# - Bai and others (2022), *Constitutional AI: harmlessness from AI feedback*, arXiv 2212.08073.
# - Gao and others (2023), *Scaling laws for reward model overoptimization*, arXiv 2210.10760.
# - Rafailov and others (2023), *Direct preference optimization: your language model is secretly a reward model*, arXiv
#   2305.18290.
# - Lee and others (2023), *RLAIF: scaling reinforcement learning from human feedback with AI feedback*, arXiv
#   2309.00267.
# - Singhal and others (2023), *A long way to go: investigating length correlations in RLHF*, arXiv 2310.03716.
# - Coste and others (2023), *Reward model ensembles help mitigate overoptimization*, arXiv 2310.02743.
# - Azar and others (2023), *A general theoretical paradigm to understand learning from human preferences*, arXiv
#   2310.12036.
# - Mitchell (2023), *A note on DPO with noisy preferences and relationship to IPO*.
# - Eisenstein and others (2023), *Helping or herding? Reward model ensembles mitigate but do not eliminate reward
#   hacking*, arXiv 2312.09244.
# - Ethayarajh and others (2024), *KTO: model alignment as prospect theoretic optimization*, arXiv 2402.01306.
# - Shao and others (2024), *DeepSeekMath: pushing the limits of mathematical reasoning in open language models*, arXiv
#   2402.03300.
# - Guo and others (2024), *Direct language model alignment from online AI feedback*, arXiv 2402.04792.
# - Ahmadian and others (2024), *Back to basics: revisiting REINFORCE-style optimization for learning from human
#   feedback in LLMs*, arXiv 2402.14740.
# - Ray Chowdhury and others (2024), *Provably robust DPO: aligning language models with noisy feedback*, arXiv
#   2403.00409.
# - Hong and others (2024), *ORPO: monolithic preference optimization without reference model*, arXiv 2403.07691.
# - Park and others (2024), *Disentangling length from quality in direct preference optimization*, arXiv 2403.19159.
# - Meng and others (2024), *SimPO: simple preference optimization with a reference-free reward*, arXiv 2405.14734.
# - Rafailov and others (2024), *Scaling laws for reward model overoptimization in direct alignment algorithms*, arXiv
#   2406.02900.
# - Razin and others (2024), *Unintentional unalignment: likelihood displacement in direct preference optimization*,
#   arXiv 2410.08847.
# - Lambert and others (2024), *Tülu 3: pushing frontiers in open language model post-training*, arXiv 2411.15124.
# - DeepSeek-AI (2025), *DeepSeek-R1: incentivizing reasoning capability in LLMs via reinforcement learning*, arXiv
#   2501.12948.
# - Swamy and others (2025), *All roads lead to likelihood: the value of reinforcement learning in fine-tuning*, arXiv
#   2503.01067.
# - Yu and others (2025), *DAPO: an open-source LLM reinforcement learning system at scale*, arXiv 2503.14476.
# - Liu and others (2025), *Understanding R1-Zero-like training: a critical perspective* (Dr. GRPO), arXiv 2503.20783.
# - Zheng and others (2025), *Group sequence policy optimization*, arXiv 2507.18071.
# - Lambert, *Reinforcement learning from human feedback* (the RLHF Book), rlhfbook.com.
# - Hugging Face, *TRL: Transformers Reinforcement Learning*, version 1.16.
#
# The lesson follows the outline of *RLHF & DPO Explained: Simulate Alignment in Python* (machinelearningplus.com), on
# a recipe in which
# each of its claims can be checked.
