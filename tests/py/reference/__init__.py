"""What the page's blocks and the library's losses are held against: policies, annotators and closed forms.

gaussian_policy  y | x ~ N(x W, sigma^2 I): sampling, exact log-ratios, KL, the chain rule to W
softmax_policy   a finite set of outputs: the same for logits
preferences      Bradley-Terry probabilities, labels with the annotator's noise, flipped labels
reward_model     the Bradley-Terry loss, on rewards and on a linear model
kl_term          an estimate of the KL as a term of the loss
optimum          closed forms of what RLHF aims at: optimum, KL and frontier of both policies
scales           where DPO, cDPO, rDPO, IPO and GRPO come to rest
"""
