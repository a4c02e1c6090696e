"""The recipe mnist-fixed in PyTorch, with autograd through the whole inner loop and PyTorch's own random numbers: what its
hyper-parameters reach without any code of this library.

    torch_fixed.py DATA [--seed 1] [--steps 23600] [--evaluate-every 1180]

DATA is a folder with MNIST's four idx files, gzipped or not. Prints a line of JSON at each evaluation: outer steps done, test accuracy, the
median and the largest outer loss since the line before, seconds of processor time.
"""
import argparse
import gzip
import json
import pathlib
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F

PASS = 59
BATCH = 1024


def idx(folder, name, header):
    path = pathlib.Path(folder) / f"{name}-ubyte"
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".gz").read_bytes())
    return torch.from_numpy(np.frombuffer(data, np.uint8)[header:].copy())


def images_and_labels(folder, part):
    pixels = idx(folder, f"{part}-images-idx3", 16).view(-1, 1, 28, 28).float() / 255
    return (pixels - 0.1307) / 0.3081, idx(folder, f"{part}-labels-idx1", 8).long()


def lenet(p, x):
    x = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2).flatten(1)
    x = F.relu(F.linear(x, p[4], p[5]))
    return F.linear(F.relu(F.linear(x, p[6], p[7])), p[8], p[9])


def initial_weights():
    theta = []
    for shape in ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)):
        theta += [torch.nn.init.xavier_normal_(torch.empty(shape)), torch.zeros(shape[0])]
    return [w.requires_grad_() for w in theta]


def trained(theta, images, labels, raw):
    for rate in F.softplus(raw):
        gradient = torch.autograd.grad(F.cross_entropy(lenet(theta, images), labels), theta, create_graph=True)
        theta = [w - rate * g for w, g in zip(theta, gradient)]
    return theta


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=400 * PASS)
    parser.add_argument("--evaluate-every", type=int, default=20 * PASS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    real, real_labels = images_and_labels(options.data, "train")
    test, test_labels = images_and_labels(options.data, "t10k")
    theta = initial_weights()
    images = torch.randn(10, 1, 28, 28, requires_grad=True)
    labels = torch.arange(10)
    raw = torch.full((3,), float(np.log(np.expm1(0.02)))).requires_grad_()
    adam = torch.optim.Adam([images, raw], lr=0.01, betas=(0.5, 0.999))
    losses = []
    for step in range(options.steps):
        if step % PASS == 0:
            order = torch.randperm(len(real))
            adam.param_groups[0]["lr"] = 0.01 * 0.5 ** (step // PASS // 40)
        batch = order[step % PASS * BATCH :][:BATCH]
        adam.zero_grad()
        loss = F.cross_entropy(lenet(trained(theta, images, labels, raw), real[batch]), real_labels[batch])
        loss.backward(inputs=[images, raw])
        adam.step()
        losses.append(loss.item())
        if (step + 1) % options.evaluate_every == 0:
            theta_end = trained(theta, images, labels, raw)
            with torch.no_grad():
                right = (lenet(theta_end, test).argmax(1) == test_labels).float().mean().item()
            median, largest = statistics.median(losses), max(losses)
            losses = []
            line = {"step": step + 1, "accuracy": right, "median": median, "largest": largest, "cpu": time.process_time()}
            print(json.dumps(line), flush=True)


main()
