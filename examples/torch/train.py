"""Trains a small network on four measures of a flower and saves it in each way that PyTorch has, below models/torch/."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_iris

HANDLER = '''"""Tells the species of a flower from its four measures; the weights are a state_dict."""

import torch

SPECIES = ["setosa", "versicolor", "virginica"]


def network():
    return torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))


def load(path):
    net = network()
    net.load_state_dict(torch.load(f"{path}/weights.pt", map_location="cpu", weights_only=True))
    return net.eval()


def predict(model, input):
    with torch.inference_mode():
        scores = model(torch.tensor(input, dtype=torch.float32)).softmax(-1).tolist()
    return {"label": SPECIES[scores.index(max(scores))], "scores": dict(zip(SPECIES, scores))}
'''


class Words(torch.nn.Module):
    """Two inputs of two types: numbers of words and how much each counts."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(20, 6)
        self.last = torch.nn.Linear(6, 2)

    def forward(self, words: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = (self.table(words) * weights.unsqueeze(-1)).sum(1)
        return self.last(mean), mean


def train() -> tuple[torch.nn.Module, torch.Tensor, list[str]]:
    """The network, its measures and the names of the species."""
    flowers = load_iris()
    measures = torch.tensor(flowers.data, dtype=torch.float32)
    species = torch.tensor(flowers.target)
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    optimizer = torch.optim.Adam(net.parameters(), 0.03)
    for _ in range(200):
        torch.nn.functional.cross_entropy(net(measures), species).backward()
        optimizer.step()
        optimizer.zero_grad()
    return net.eval(), measures, [str(name) for name in flowers.target_names]


def main(folder: Path) -> None:
    torch.manual_seed(7)
    torch.set_num_threads(1)
    folder = folder / "torch"
    net, measures, species = train()
    for name in ("labelled", "weights"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    torch.jit.trace(net, measures[:1]).save(folder / "traced.pt")
    torch.jit.trace(net, measures[:1]).save(folder / "labelled" / "model.pt")
    (folder / "labelled" / "labels.txt").write_text("\n".join(species) + "\n")
    words = Words().eval()
    torch.jit.script(words).save(folder / "words.ts")
    rows = torch.export.Dim("rows", min=1, max=1024)
    exported = torch.export.export(net, (measures[:2],), dynamic_shapes=({0: rows},))
    torch.export.save(exported, folder / "exported.pt2")
    example = (torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3))
    named = torch.export.export(words, (), {"words": example[0], "weights": example[1]})
    torch.export.save(named, folder / "words.pt2")
    torch.save(net.state_dict(), folder / "weights" / "weights.pt")
    (folder / "weights" / "handler.py").write_text(HANDLER)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
