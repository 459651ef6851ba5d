# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## References {#references}
#
# - Bradley and Terry (1952), *Rank analysis of incomplete block designs: I. The method of paired comparisons*,
#   Biometrika 39.
# - Williams (1992), *Simple statistical gradient-following algorithms for connectionist reinforcement learning*,
#   Machine Learning 8.
# - Bengio and others (2003), *A neural probabilistic language model*, Journal of Machine Learning Research 3.
# - Ziebart (2010), *Modeling purposeful adaptive behavior with the principle of maximum causal entropy*, doctoral
#   thesis, Carnegie Mellon University.
# - Schulman and others (2016), *High-dimensional continuous control using generalized advantage estimation*, arXiv
#   1506.02438.
# - Christiano and others (2017), *Deep reinforcement learning from human preferences*, arXiv 1706.03741.
# - Schulman and others (2017), *Proximal policy optimization algorithms*, arXiv 1707.06347.
# - Levine (2018), *Reinforcement learning and control as probabilistic inference: tutorial and review*, arXiv
#   1805.00909.
# - Ziegler and others (2019), *Fine-tuning language models from human preferences*, arXiv 1909.08593.
# - Schulman (2020), *Approximating KL divergence*, joschu.net/blog/kl-approx.html: the estimators k1, k2 and k3.
# - Ouyang and others (2022), *Training language models to follow instructions with human feedback*, arXiv 2203.02155.
# - Lambert and others (2022), *Illustrating reinforcement learning from human feedback (RLHF)*, Hugging Face blog.
# - Bai and others (2022), *Constitutional AI: harmlessness from AI feedback*, arXiv 2212.08073.
# - Gao and others (2023), *Scaling laws for reward model overoptimization*, arXiv 2210.10760.
# - Rafailov and others (2023), *Direct preference optimization: your language model is secretly a reward model*, arXiv
#   2305.18290.
# - Zhao and others (2023), *SLiC-HF: sequence likelihood calibration with human feedback*, arXiv 2305.10425.
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
# - Pal and others (2024), *Smaug: fixing failure modes of preference optimisation with DPO-positive*, arXiv 2402.13228.
# - Ray Chowdhury and others (2024), *Provably robust DPO: aligning language models with noisy feedback*, arXiv
#   2403.00409.
# - Hong and others (2024), *ORPO: monolithic preference optimization without reference model*, arXiv 2403.07691.
# - Park and others (2024), *Disentangling length from quality in direct preference optimization*, arXiv 2403.19159.
# - Rafailov, Hejna and others (2024), *From r to Q∗: your language model is secretly a Q-function*, arXiv 2404.12358.
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
