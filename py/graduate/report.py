"""One HTML file about a run, from what the run left in its folder. NumPy and Plotly; no network, no torch."""

import json
from html import escape
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from inputs import read_weights, read_worth, reward_vector
from words import grammar, solve

BETAS = (4, 3, 2, 1.5, 1, 0.75, 0.6, 0.5)  # of the frontier, as on the page

# What TRL logs, by chart; a chart is drawn where at least one of its names was logged.
CHARTS = (
    ("Loss", "loss", ("loss", "train_loss")),
    ("Implicit rewards", "β log π/π_ref, summed over an answer (nats)", ("rewards/chosen", "rewards/rejected")),
    ("Margin", "chosen less rejected", ("rewards/margins", "margin")),
    ("Pairs ranked right", "share", ("rewards/accuracies", "accuracy")),
    ("Log-probs", "nats an answer", ("logps/chosen", "logps/rejected")),
    ("Reward", "mean of the answers told", ("reward",)),
    ("KL to the reference", "nats an answer, estimated", ("kl",)),
    ("Words ranked right", "share", ("mean_token_accuracy",)),
)
COLOURS = ("#007a5a", "#b83a78")


def write_report(run: Path) -> Path:
    """Draws the run in folder `run` into report.html there; gives its path."""
    about = _json(run / "run.json")
    log = [entry for entry in _json(run / "log.json") if "step" in entry]
    pieces = [f"<h1>{escape(about['method'].upper())} on {escape(about['model'])}</h1>", _settings(about)]
    figures = []
    if (run / "weights.json").exists():
        told, figures = _exact(run, about["beta"])
        pieces += told
    figures += [figure for chart in CHARTS if (figure := _logged(log, *chart))]
    for number, figure in enumerate(figures):
        pieces.append(figure.to_html(full_html=False, include_plotlyjs=not number))
    pieces.append(_stories(run))
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A run of Preference Lab’s graduate</title>'
        '<meta name="viewport" content="width=device-width"><style>body { font: 1rem/1.5 system-ui, sans-serif; '
        "max-width: 60rem; margin: 2rem auto; padding: 0 1rem } td, th { text-align: left; padding: 0 1.5rem 0 0; "
        "vertical-align: top } .good { text-decoration: underline solid #007a5a } "
        f".bad {{ text-decoration: underline dotted #b83a78 }}</style>\n{''.join(pieces)}</html>\n"
    )
    path = run / "report.html"
    whole = path.with_suffix(".part")
    whole.write_text(page, "utf-8")
    whole.replace(path)
    return path


def exact_point(weights: np.ndarray, before: np.ndarray, reward: np.ndarray) -> tuple[float, float]:
    """KL to the reference and E[r] of the storyteller with these weights, without sampling."""
    visits = solve.visits(solve.table(weights), solve.table(before), grammar.LENGTH)
    return visits.kl, float(visits.counts @ reward)


def judge_of(folder: Path) -> tuple[str, np.ndarray] | None:
    """What the stories are judged by: the taste that the pairs were made with, or else the reward model."""
    for name, called in (("taste.json", "the taste"), ("reward.json", "the reward model")):
        if (folder / name).exists():
            return called, reward_vector(read_worth(folder / name), folder / name)
    return None


def _exact(run, beta):
    """Sentences and charts about a storyteller: where it stands, exactly, beside the optimum."""
    judge = judge_of(run)
    if judge is None:
        return [], []
    called, reward = judge
    before, after = (read_weights(run / name) for name in ("before.json", "weights.json"))
    reference = solve.table(before)
    optima = []
    for each in BETAS:
        visits = solve.soft_visits(reference, solve.soft_values(reference, reward, each, grammar.LENGTH), reward, each)
        optima.append((visits.kl, float(visits.counts @ reward)))
    start, end = exact_point(before, before, reward), exact_point(after, before, reward)
    best = float(solve.soft_values(reference, reward, beta, grammar.LENGTH)[0, 0, 0])
    told = (
        f"<p>Exactly, by {called}: E[r] went from {start[1]:.3f} to {end[1]:.3f} for a KL of {end[0]:.3f} nats. "
        f"E[r] − β KL is {end[1] - beta * end[0]:.3f}; the reference has {start[1]:.3f}, and no policy more than "
        f"{best:.3f}.</p>"
    )
    frontier = _figure("The frontier", "KL to the reference (nats a story, exact)", f"E[r] by {called} (exact)")
    kls, rewards = zip(*optima, strict=True)
    frontier.add_scatter(x=kls, y=rewards, mode="lines+markers", name="exact optima")
    frontier.add_scatter(x=[start[0]], y=[start[1]], mode="markers", name="before", marker={"size": 11})
    frontier.add_scatter(x=[end[0]], y=[end[1]], mode="markers", name="after", marker={"size": 11})
    figures = [frontier]
    path = run / "exact.jsonl"
    if path.exists():
        # A run that went on from a checkpoint has some steps twice; they are the same.
        steps = {entry["step"]: entry for entry in map(json.loads, path.read_text("utf-8").splitlines())}
        ordered = [steps[step] for step in sorted(steps)]
        for name, title in (("reward", f"E[r] by {called}"), ("kl", "KL to the reference (nats)")):
            figure = _figure(f"{title}, exactly", "step", title)
            figure.add_scatter(x=[entry["step"] for entry in ordered], y=[entry[name] for entry in ordered])
            figures.append(figure)
    return [told], figures


def _logged(log, title, unit, names):
    """A chart of what TRL logged under these names; None if it logged none of them."""
    figure = _figure(title, "step", unit)
    for name, colour in zip(names, COLOURS, strict=False):
        points = [(entry["step"], entry[name]) for entry in log if isinstance(entry.get(name), int | float)]
        if points and name != "train_loss":
            steps, values = zip(*points, strict=True)
            figure.add_scatter(x=steps, y=values, name=name, mode="lines+markers", line={"color": colour})
    return figure if figure.data else None


def _figure(title, x, y):
    layout = {"template": "plotly_white", "height": 420, "title": {"text": title}, "showlegend": True}
    return go.Figure(layout=layout | {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}})


def _settings(about):
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in about.items())
    return f"<table>{cells}</table>"


def _stories(run):
    told = _json(run / "stories.json")
    if not told["before"]:
        return ""
    judge = judge_of(run)
    worth = dict(zip(grammar.VOCABULARY, judge[1], strict=True)) if judge and (run / "weights.json").exists() else {}

    def shown(text):
        return " ".join(
            f'<span class="{"good" if worth[word] > 0 else "bad"}" title="{worth[word]:+.2f}">{escape(word)}</span>'
            if worth.get(word)
            else escape(word)
            for word in text.split()
        )

    rows = "".join(
        f"<tr><td>{shown(before)}</td><td>{shown(after)}</td></tr>"
        for before, after in zip(told["before"], told["after"], strict=True)
    )
    return f"<h2>Before and after, on the same random numbers</h2><table><tr><th>Before<th>After</tr>{rows}</table>"


def _json(path):
    return json.loads(path.read_text("utf-8"))
