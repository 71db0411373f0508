"""Saves programs of PyTorch that differ in how they bear several inputs in one call, in the folder of the argument."""

import sys
import warnings

import torch

warnings.simplefilter("ignore")
torch.manual_seed(5)


class Sequence(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(20, 8)
        self.lstm = torch.nn.LSTM(8, 8, batch_first=True)
        self.last = torch.nn.Linear(8, 3)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.last(self.lstm(self.table(input_ids))[0][:, -1])


class One(torch.nn.Module):
    """Bound to a batch of one."""

    def __init__(self):
        super().__init__()
        self.last = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(x.view(1, 4))


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.table = torch.nn.Embedding(20, 8)
        self.layers = torch.nn.TransformerEncoder(layer, 1)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.layers(self.table(input_ids)).mean(1)


class Picture(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x).mean([2, 3])


class Mixing(torch.nn.Module):
    """Of several rows in one call each gets another answer; the LSTM keeps vmap out."""

    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(4, 3, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = self.lstm(x.unsqueeze(1))[0][:, -1]
        return rows / rows.abs().sum()


class Counting(torch.nn.Module):
    """Counts its calls."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.add_(1)
        return x.sum() * 0 + self.calls


class Keeping(torch.nn.Module):
    """Adds up what it saw."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + x.sum()
        return self.seen


class Deciding(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 2):
            return x * 2
        return x


folder = sys.argv[1]
ids = torch.zeros(1, 5, dtype=torch.int64)
row = torch.zeros(1, 4)
picture = torch.zeros(1, 1, 5, 5)
for name, program, example in (
    ("sequence", Sequence(), ids),
    ("one", One(), row),
    ("attention", Attention(), ids),
    ("picture", Picture(), picture),
    ("mixing", Mixing(), row),
):
    program.eval()
    torch.jit.trace(program, example, check_trace=False).save("%s/%s.pt" % (folder, name))
    torch.jit.script(program).save("%s/%s.ts" % (folder, name))
    torch.export.save(torch.export.export(program, (example,)), "%s/%s.pt2" % (folder, name))
for name, program in (("counting", Counting()), ("keeping", Keeping()), ("deciding", Deciding())):
    torch.jit.script(program.eval()).save("%s/%s.ts" % (folder, name))
torch.export.save(torch.export.export(Counting(), (row,)), folder + "/counting.pt2")
