"""Writes real digits as DC, MTT, DATM, IDC and FRePo publish their sets: python3 published_sets.py ASSETS OUT.

ASSETS is the folder assets/ of this package. The images of each set are training digits, the first of each class, so that networks
which are trained on them read digits only if values, labels and normalisation are understood as they were meant.
"""
import gzip
import os
import sys

import torch
import torch.nn.functional as F

assets, out = sys.argv[1:]
torch.manual_seed(3)
torch.set_num_threads(1)
os.makedirs(out, exist_ok=True)


def idx(name, header):
    with gzip.open(os.path.join(assets, name)) as file:
        return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)


# The last thousand are test digits here.
pixels = idx("digits-images.idx3.gz", 16).reshape(-1, 1, 28, 28)[:9000].float() / 255
classes = idx("digits-labels.idx1.gz", 8)[:9000].long()
mean, std = 0.1307, 0.3081
normalised = (pixels - mean) / std


def first(per_class):
    """The indices of the first images of each class, class by class."""
    return torch.cat([torch.nonzero(classes == k).flatten()[:per_class] for k in range(10)])


def save(value, *path):
    target = os.path.join(out, *path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    torch.save(value, target)


# DC, DSA and DM: the sets of all experiments in a list, beside the accuracies of networks.
sets = [[normalised[at].clone(), classes[at].clone()] for at in (first(10), first(20)[1::2])]
save({"data": sets, "accs_all_exps": {"ConvNet": [0.5, 0.25]}}, "dc", "res_DC_MNIST_ConvNet_10ipc.pt")

# MTT: a file for each array.
save(normalised[first(10)].clone(), "mtt", "images_best.pt")
save(classes[first(10)].clone(), "mtt", "labels_best.pt")

# DATM: labels are the logits of a network that was trained on all digits; the learned rate is in a third file.
linear = torch.nn.Linear(784, 10)
steps = torch.optim.SGD(linear.parameters(), lr=0.1)
for i in range(0, 9000, 90):
    steps.zero_grad()
    F.cross_entropy(linear(normalised[i : i + 90].flatten(1)), classes[i : i + 90]).backward()
    steps.step()
with torch.no_grad():
    logits = linear(normalised[first(10)].flatten(1)) + 8 * F.one_hot(classes[first(10)], 10)
save(normalised[first(10)].clone(), "datm", "images_best.pt")
save(logits.requires_grad_(True), "datm", "labels_best.pt")
save(torch.tensor(0.01), "datm", "lr_best.pt")

# IDC: pixels from 0 to 1; each image is a grid of 2 x 2 smaller ones of its class.
small = F.avg_pool2d(pixels, 2)[first(20)].reshape(10, 5, 4, 14, 14)
rows = [torch.cat([small[:, :, 2 * i], small[:, :, 2 * i + 1]], -1) for i in range(2)]
formed = torch.cat(rows, -2).reshape(50, 1, 28, 28)
save([formed, torch.arange(10).repeat_interleave(5)], "idc", "data.pt")

# FRePo: channels last, labels centred.
centred = F.one_hot(classes[first(10)], 10) - 0.1
save({"x_proto": normalised[first(10)].permute(0, 2, 3, 1).contiguous(), "y_proto": centred}, "frepo", "frepo.pt")
