"""The page's storyteller for transformers and TRL: configuration, language model, reward model, tokenizer.

All are registered in this process, so that folders with them load without remote code. The full stop (0) starts a
story, ends it and fills the row, as on the page: it is the tokenizer's bos, eos and pad at once.
"""

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GenerationMixin,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput, SequenceClassifierOutput

from words import grammar, network

UNKNOWN = "<unknown>"


class StorytellerConfig(PreTrainedConfig):
    model_type = "preference-lab-storyteller"
    auto_map = {}  # TRL asks for it: no code comes with the weights

    def __init__(self, **rest):
        self.vocab_size = len(grammar.VOCABULARY)
        self.hidden_size = network.HIDDEN
        self.num_hidden_layers = 1
        super().__init__(**({"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0} | rest))


class Body(nn.Module):
    """From words to the hidden layer. What lies before the first word, or pads it on the left, is the full stop."""

    def __init__(self, config):
        super().__init__()
        seen = network.SEEN * network.EMBEDDING
        self.embedding = nn.Embedding(config.vocab_size, network.EMBEDDING)
        self.inner = nn.Linear(seen, network.HIDDEN)

    def forward(self, input_ids, **_):
        """Hidden layers (n, places, HIDDEN) of words (n, places)."""
        older = nn.functional.pad(input_ids, (1, 0), value=grammar.END)[:, :-1]
        seen = torch.cat([self.embedding(older), self.embedding(input_ids)], dim=-1)
        return BaseModelOutput(last_hidden_state=torch.tanh(self.inner(seen)))


class Storyteller(PreTrainedModel, GenerationMixin):
    """py/words/network.py: the next word from the last two. TRL asks for a body and a head, and applies the head."""

    config_class = StorytellerConfig
    base_model_prefix = "model"

    def __init__(self, config):
        super().__init__(config)
        self.model = Body(config)
        self.lm_head = nn.Linear(network.HIDDEN, config.vocab_size)
        self.post_init()

    def _init_weights(self, module):
        """Weights come from the page; nothing is drawn here."""

    def get_input_embeddings(self):
        return self.model.embedding

    def get_output_embeddings(self):
        return self.lm_head

    def forward(self, input_ids, attention_mask=None, labels=None, logits_to_keep=0, **_):
        """Logits (n, places, V) of words (n, places)."""
        hidden = self.model(input_ids).last_hidden_state
        logits = self.lm_head(hidden[:, -logits_to_keep:])
        loss = None if labels is None else self.loss_function(logits, labels, self.config.vocab_size)
        return CausalLMOutput(loss=loss, logits=logits)

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}


class WordReward(PreTrainedModel):
    """The page's reward model: a number a word, summed over the story; the full stop is worth nothing."""

    config_class = StorytellerConfig

    def __init__(self, config):
        super().__init__(config)
        self.worth = nn.Parameter(torch.zeros(config.vocab_size))
        self.post_init()

    def _init_weights(self, module):
        """It starts at 0: no word is worth anything."""

    def forward(self, input_ids, attention_mask=None, **_):
        """Logits (n, 1)."""
        counted = input_ids != grammar.END
        return SequenceClassifierOutput(logits=(self.worth[input_ids] * counted).sum(dim=1, keepdim=True))


AutoConfig.register(StorytellerConfig.model_type, StorytellerConfig)
AutoModelForCausalLM.register(StorytellerConfig, Storyteller)
AutoModelForSequenceClassification.register(StorytellerConfig, WordReward)


def with_weights(weights: np.ndarray, dtype: torch.dtype = torch.float32) -> Storyteller:
    """The storyteller with the page's weights, one vector as in py/words/network.py."""
    # Made in float64 first: nothing is rounded that the page did not round.
    model = Storyteller(StorytellerConfig()).to(torch.float64)
    with torch.no_grad():
        for (parameter, turned), part in zip(_parameters(model), network.parts(weights), strict=True):
            value = torch.from_numpy(np.array(part))
            parameter.copy_(value.T if turned else value)
    return model.to(dtype)


def weights_of(model: Storyteller) -> np.ndarray:
    """The model's parameters as the page's vector, float64."""
    return _vector(_parameters(model))


def gradient_of(model: Storyteller) -> np.ndarray:
    """The gradient that backward() has left, as the page's vector, float64."""
    return _vector([(parameter.grad, turned) for parameter, turned in _parameters(model)])


def _parameters(model):
    """In the order of network.Parts, and whether torch keeps the matrix the other way round."""
    body, head = model.model, model.lm_head
    return [
        (body.embedding.weight, False),
        (body.inner.weight, True),
        (body.inner.bias, False),
        (head.weight, True),
        (head.bias, False),
    ]


def _vector(tensors):
    arrays = [(tensor.detach().cpu().double().numpy(), turned) for tensor, turned in tensors]
    return np.concatenate([(array.T if turned else array).ravel() for array, turned in arrays])


def tokenizer() -> PreTrainedTokenizerFast:
    """A token a word; the full stop needs no space around it. Inputs with other words are refused before."""
    vocabulary = grammar.CODES | {UNKNOWN: len(grammar.VOCABULARY)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    stop = grammar.VOCABULARY[grammar.END]
    return PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token=stop, eos_token=stop, pad_token=stop, padding_side="left"
    )
