"""Preference learning in pure NumPy: policies, losses with their gradients, and exact answers to hold them against.

Functions take arrays and generators and return arrays; nothing is kept between calls. Log-probs, KL and rewards are in
nats. Every loss returns a `numeric.Loss`: the mean, the values before averaging, the gradients and what to log.

numeric          stable elementary functions, masked means, whitening; the `Loss` type
preferences      Bradley-Terry probabilities, labels with the annotator's noise, flipped labels
gaussian_policy  y | x ~ N(x W, sigma^2 I): sampling, exact log-ratios, KL, the chain rule to W
softmax_policy   a finite set of outputs: the same for logits
reward_model     the Bradley-Terry loss, on rewards and on a linear model
losses           DPO, cDPO, rDPO, hinge, IPO on log-ratio differences; KTO, ORPO, SimPO
kl               the estimators k1, k2 and k3 of the KL, with their slopes
rollout          the KL penalty in the reward, GAE, returns, whitened advantages
ppo              the clipped surrogate, PPO's policy and value losses, REINFORCE
groups           RLOO and GRPO: advantages within a group, losses on ragged completions
optimum          closed forms of what RLHF aims at: optimum, KL and frontier of both policies
logistic         logistic regression to its minimum: the exact end of a reward model, and of DPO, on given pairs
seeds            a generator that draws for many seeds at once, on a leading axis
stationary       where each loss comes to rest with endless data, flipped labels included
published        the recipe that the article publishes, run as it stands
evaluate         how sure a mean over seeds is
"""
