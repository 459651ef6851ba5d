# What “Take along” runs on the page, unseen, after the blocks that it needs: prints what the zip gets, as JSON.
# The page puts `graduate_sources` before it: the code of the training blocks, as it is now.
def graduate_files(sources, beta):
    import ast
    import json

    import numpy as np

    from words import grammar

    numbers = (int, float)

    def defaults(source, function, names):
        """Numbers that the function's signature has, under the names of align.py."""
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                with_default = zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)
                literal = {arg.arg: value.value for arg, value in with_default if isinstance(value, ast.Constant)}
                named = {names[name]: value for name, value in literal.items() if name in names}
                return {name: value for name, value in named.items() if type(value) in numbers}
        return {}

    common = {"steps": "steps", "lr": "lr", "seed": "seed"}
    pairs = {"beta": beta} | defaults(sources["words-dpo"], "train_on_stories", common | {"batch": "batch"})
    told = {"beta": beta} | defaults(sources["words-rloo"], "train_rloo_words", common | {"n": "batch"})

    def lines(chosen, rejected):
        for up, down in zip(chosen, rejected, strict=True):
            yield json.dumps({"chosen": grammar.text(up), "rejected": grammar.text(down)}) + "\n"

    def worth(reward):
        return {word: float(number) for word, number in zip(grammar.VOCABULARY, reward, strict=True) if number}

    files = {
        "pairs.jsonl": "".join(lines(story_chosen, story_rejected)),
        "weights.json": {"weights": np.asarray(storyteller, float).tolist()},
        "reward.json": worth(story_reward),
        "taste.json": worth(story_taste),
        "settings.json": {"dpo": pairs, "kto": pairs, "sft": pairs, "rloo": told, "grpo": told, "reward": pairs},
    }
    dumped = {name: text if isinstance(text, str) else json.dumps(text, indent=1) for name, text in files.items()}
    return json.dumps(dumped)


print(graduate_files(graduate_sources, float(beta_words)))
del graduate_files, graduate_sources
