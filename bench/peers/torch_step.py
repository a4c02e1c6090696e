"""The whole steps of ../workloads.mjs in PyTorch, as a process that is told by lines on its standard input when to take one.

    torch_step.py '{"network": "lenet", "method": "back-gradient", "form": "hvp", "dtype": "float32", "threads": 1, ...}'

Prints one line of JSON when it is ready (versions and the result), and one for each line it reads: `step` takes a step
(milliseconds by the clock and of CPU time), `finish` tells the peak of its memory in MB and ends.

With "device": "cuda" a GPU takes the steps, in float32 without TF32, and a step ends when the GPU is done. With "networks": n a
step is taken n times, as for n networks one after the other.

Forms of back-gradient:
    hvp        each inner step's gradient keeps its graph; the reverse sweep takes Hessian-vector products of it
    recompute  the same, with that graph made again in the reverse sweep
    full       one graph of the whole unrolled training (create_graph), differentiated at once
"""
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

JOB = json.loads(sys.argv[1])
DTYPE = getattr(torch, JOB["dtype"])
torch.set_num_threads(JOB["threads"])
torch.set_num_interop_threads(1)
DEVICE = torch.device(JOB.get("device", "cpu"))
# Products in TF32 would round to 10 bits. cuDNN may look for its fastest algorithms.
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True


# ---- inputs, bit for bit those of inputs.mjs

def hash_values(start, stop, seed):
    """h(seed)[start … stop − 1] in [−1, 1)."""
    mask = np.uint64(0xFFFFFFFF)
    u = np.arange(start, stop, dtype=np.uint64) * np.uint64(0x9E3779B1)
    u = (u + np.uint64((seed * 0x85EBCA77 + 0x165667B1) & 0xFFFFFFFF)) & mask
    u ^= u >> np.uint64(15)
    u = (u * np.uint64(0x2C1B3C6D)) & mask
    u ^= u >> np.uint64(12)
    u = (u * np.uint64(0x297A2D39)) & mask
    u ^= u >> np.uint64(15)
    return (u >> np.uint64(8)).astype(np.float64) / 8388608.0 - 1.0


def fill(shape, seed, scale=1.0, offset=0.0):
    """offset + scale·h(seed), in float64, rounded once to float32; in pieces, so that making inputs is not the peak."""
    out = np.empty(int(np.prod(shape)), dtype=np.float32)
    for start in range(0, out.size, 65536):
        stop = min(out.size, start + 65536)
        out[start:stop] = offset + scale * hash_values(start, stop, seed)
    return torch.from_numpy(out.reshape(shape)).to(DEVICE, DTYPE)


# ---- networks: forward(parameters, images), and the parameters' shapes in order

def lenet(p, x):
    x = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2).flatten(1)
    x = F.relu(F.linear(x, p[4], p[5]))
    return F.linear(F.relu(F.linear(x, p[6], p[7])), p[8], p[9])


def alex_cifar_net(p, x):
    def normalise(x):
        return F.local_response_norm(x, 4, 0.001 / 9, 0.75, 1)

    x = normalise(F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 3, 2, 1))
    x = F.max_pool2d(normalise(F.relu(F.conv2d(x, p[2], p[3], padding=2))), 3, 2, 1).flatten(1)
    x = F.relu(F.linear(x, p[4], p[5]))
    return F.linear(F.relu(F.linear(x, p[6], p[7])), p[8], p[9])


def conv_net(p, x):
    for w, b, gamma, beta in (p[0:4], p[4:8], p[8:12]):
        x = F.conv2d(x, w, b, padding=1)
        # Instance norm: a group for each channel.
        x = F.avg_pool2d(F.relu(F.group_norm(x, x.shape[1], gamma, beta)), 2)
    return F.linear(x.flatten(1), p[12], p[13])


def with_biases(*weights):
    return [shape for w in weights for shape in (w, w[:1])]


BLOCKS = [shape for channels in (3, 128, 128) for shape in ((128, channels, 3, 3), (128,), (128,), (128,))]
NETWORKS = {
    "lenet": (lenet, (1, 28, 28), with_biases((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))),
    "alexCifarNet": (
        alex_cifar_net,
        (3, 32, 32),
        with_biases((64, 3, 5, 5), (64, 64, 5, 5), (384, 4096), (192, 384), (10, 192)),
    ),
    "convNet": (conv_net, (3, 32, 32), BLOCKS + with_biases((10, 2048))),
}


def weights(shapes):
    """θ as inputs.mjs makes it. A vector after a tensor is a bias; two more are a normalisation's weight and bias."""
    out = []
    vectors = 0
    for k, shape in enumerate(shapes):
        vectors = vectors + 1 if len(shape) == 1 else 0
        scale, offset = ((0.05, 0.0), (0.1, 1.0), (0.1, 0.0))[vectors - 1] if vectors else (0.0, 0.0)
        if not vectors:
            area = int(np.prod(shape[2:]))
            scale = (6.0 / (shape[1] * area + shape[0] * area)) ** 0.5
        out.append(fill(shape, 100 + k, scale, offset).requires_grad_())
    return out


# ---- steps: each returns the loss, the gradient of all images and that of the learning rates

def descend(theta, gradient, rate):
    with torch.no_grad():
        return [(w - rate * g).requires_grad_() for w, g in zip(theta, gradient)]


def back_gradient(loss_of, theta, blocks, order, rates, real, keep):
    """The recursion of docs/math.md §2. `keep`: graphs of the inner gradients are kept from the way there."""
    trajectory, gradients = [theta], []
    for t, s in enumerate(order):
        gradient = torch.autograd.grad(loss_of(trajectory[t], *blocks[s]), trajectory[t], create_graph=keep)
        trajectory.append(descend(trajectory[t], gradient, rates[t]))
        gradients.append(gradient if keep else None)
    loss = loss_of(trajectory[-1], *real)
    adjoint = list(torch.autograd.grad(loss, trajectory[-1]))
    d_images = [torch.zeros_like(images) for images, _ in blocks]
    d_rates = [None] * len(order)
    for t in reversed(range(len(order))):
        images, labels = blocks[order[t]]
        gradient, gradients[t] = gradients[t], None
        if not keep:
            gradient = torch.autograd.grad(loss_of(trajectory[t], images, labels), trajectory[t], create_graph=True)
        with torch.no_grad():
            d_rates[t] = -sum(torch.dot(g.flatten(), a.flatten()) for g, a in zip(gradient, adjoint))
            along = [-rates[t] * a for a in adjoint]
        d_block, *products = torch.autograd.grad(gradient, [images, *trajectory[t]], grad_outputs=along)
        d_images[order[t]] += d_block
        for a, product in zip(adjoint, products):
            a += product
    return loss.detach(), torch.stack(d_images), torch.stack(d_rates)


def full_graph(loss_of, theta, blocks, order, rates, real):
    for t, s in enumerate(order):
        gradient = torch.autograd.grad(loss_of(theta, *blocks[s]), theta, create_graph=True)
        theta = [w - rates[t] * g for w, g in zip(theta, gradient)]
    loss = loss_of(theta, *real)
    images = [block for block, _ in blocks]
    gradients = torch.autograd.grad(loss, [*images, *rates])
    return loss.detach(), torch.stack(gradients[: len(images)]), torch.stack(gradients[len(images) :])


def matching(loss_of, theta, blocks, real):
    """Zhao et al.: 1 − cosine of the two gradients, over the output units of every weight tensor."""
    ((images, labels),) = blocks
    goal = torch.autograd.grad(loss_of(theta, *real), theta)
    gradient = torch.autograd.grad(loss_of(theta, images, labels), theta, create_graph=True)
    distance = 0.0
    for a, b in zip(goal, gradient):
        if a.dim() > 1:
            a, b = a.flatten(1), b.flatten(1)
            distance = distance + (1 - (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-6)).sum()
    (d_images,) = torch.autograd.grad(distance, images)
    return distance.detach(), d_images, torch.zeros(0)


def make_step():
    forward, shape, shapes = NETWORKS[JOB["network"]]
    theta = weights(shapes)
    blocks_count, per_block, real_count = JOB["steps"], JOB["imagesPerStep"], JOB["real"]

    def loss_of(parameters, images, labels):
        return F.cross_entropy(forward(parameters, images), labels)

    labels = torch.arange(per_block, device=DEVICE) * 10 // per_block
    blocks = [(fill((per_block, *shape), 200 + s).requires_grad_(), labels) for s in range(blocks_count)]
    real = (fill((real_count, *shape), 300, 1.5), torch.arange(real_count, device=DEVICE) % 10)
    if JOB["method"] == "matching":
        return lambda: matching(loss_of, theta, blocks, real)
    length = blocks_count * JOB["epochs"]
    rates = [
        torch.tensor(JOB["learningRate"] * (1 + t / length), dtype=DTYPE, device=DEVICE) for t in range(length)
    ]
    order = [t % blocks_count for t in range(length)]
    if JOB["form"] == "full":
        for rate in rates:
            rate.requires_grad_()
        return lambda: full_graph(loss_of, theta, blocks, order, rates, real)
    return lambda: back_gradient(loss_of, theta, blocks, order, rates, real, JOB["form"] == "hvp")


def summary(loss, d_images, d_rates):
    """What workloads.mjs compares. The projection on a hash would show a gradient whose elements are exchanged."""
    gradient = d_images.detach().double().flatten().cpu().numpy()
    return {
        "loss": float(loss),
        "images": float(np.linalg.norm(gradient)),
        "projection": float(gradient @ hash_values(0, gradient.size, 999)),
        "learningRates": d_rates.detach().double().tolist(),
    }


def blas():
    """Which library multiplies matrices: the reference BLAS is thirty times slower than OpenBLAS."""
    with open("/proc/self/maps") as maps:
        text = maps.read()
    return "OpenBLAS" if "openblas" in text else "reference BLAS"


def say(**values):
    print(json.dumps(values), flush=True)


def peak_memory():
    """In MB. Not ru_maxrss, which begins with what the parent held when it started this process."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def finish_work():
    """Waits until the GPU has done what it was given."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def main():
    step = make_step()
    result = summary(*step())
    for _ in range(JOB["warmUps"]):
        step()
    finish_work()
    say(result=result, version=torch.__version__, blas=blas())
    for line in sys.stdin:
        if line.strip() == "finish":
            break
        cpu, start = time.process_time(), time.perf_counter()
        for _ in range(JOB.get("networks", 1)):
            step()
        finish_work()
        say(ms=1e3 * (time.perf_counter() - start), cpu=1e3 * (time.process_time() - cpu))
    say(rss=peak_memory())


main()
