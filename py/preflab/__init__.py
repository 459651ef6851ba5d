"""Preference learning in pure NumPy: losses with their gradients, and what their runs are held against.

Functions take arrays and generators and return arrays; nothing is kept between calls. Log-probs, KL and rewards are in
nats. Every loss returns a `numeric.Loss`: the mean, the values before averaging, the gradients and what to log.

numeric        stable elementary functions, masked means, whitening; the `Loss` type
losses         DPO, cDPO, rDPO, hinge, IPO on log-ratio differences; KTO, ORPO, SimPO
kl             the estimators k1, k2 and k3 of the KL, with their slopes
rollout        the KL penalty in the reward, GAE, returns, whitened advantages
ppo            the clipped surrogate, PPO's policy and value losses, REINFORCE
groups         RLOO and GRPO: advantages within a group, losses on ragged completions
logistic       logistic regression to its minimum: the exact end of a reward model, and of DPO, on given pairs
seeds          a generator that draws for many seeds at once, on a leading axis
stationary     where KTO comes to rest with endless data
endless_pairs  where a loss on pairs ends with endless data, by quadrature
ledger         the bookkeeping of what the article prints beside what runs give
published      the recipe that the article publishes, run as it stands
picks          a reader's choices among four: questions, posterior, forecasts
flower_choices what a reader is asked about flowers
playground     the lesson's recipe in one call, for a hand on a slider
evaluate       how sure a mean over seeds is
"""
