// Random chains of layers: one, two and three threads against each other, bit by bit, and against the float64 reference;
// that one against PyTorch.
import { describe, expect, test } from "vitest";
import { describeModel } from "../../src/nn/describe.ts";
import { enginesUnderTest, onGpu } from "../backends-under-test.ts";
import { expectClose, largest } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { reference } from "./differences.ts";
import { type Chain, checkChain, derivatives, directionIn, drawChain, leastScale } from "./random-chains.ts";

/** Float64 against float64 through a few layers and inner steps. */
const exactTolerance = 1e-9;

const engines = await enginesUnderTest([1, 2, 3]);

/** On a GPU that is simulated on the processor a chain takes a third of a second; twelve have every layer and loss. */
const seeds = Array.from({ length: onGpu ? 12 : 60 }, (_, i) => 5000 + i);

describe("a random chain has the same bits on 1, 2 and 3 threads, the reference's to 1e-4, and reads nothing unwritten", () => {
  test.each(seeds)("of seed %i", async (seed) => {
    await checkChain(engines, await drawChain(seed));
  });
});

/** Autograd through any chain of layers that is given as `describeModel` gives it, and through the training on it. */
const program = `
tensor = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
square = lambda side: side if isinstance(side, list) else [side, side]
def norm(x, w, groups, eps):
    if groups == 0:
        m, v = x.mean((0, 2, 3), True), x.var((0, 2, 3), False, True)
        x = (x - m) / (v + eps).sqrt()
    else: x = F.group_norm(x, groups, eps=eps)
    return x if w is None else x * w[0].view(1, -1, 1, 1) + w[1].view(1, -1, 1, 1)
def network(model, theta, x):
    at = 0
    def take(*shape):
        nonlocal at
        at += math.prod(shape)
        return theta[at - math.prod(shape):at].view(shape)
    x = x.view(-1, *model["inputShape"])
    for layer in model["layers"]:
        kind, o = layer["kind"], layer
        if kind == "conv2d":
            w = take(o["out"], x.shape[1], *square(o["kernel"]))
            x = F.conv2d(x, w, take(o["out"]) if o["bias"] else None, o["stride"], o["padding"])
        elif kind == "linear":
            w = take(o["out"], x.shape[1])
            x = F.linear(x, w, take(o["out"]) if o["bias"] else None)
        elif kind == "flatten": x = x.flatten(1)
        elif kind == "relu": x = F.relu(x)
        elif kind == "leakyRelu": x = F.leaky_relu(x, o["slope"])
        elif kind == "tanh": x = torch.tanh(x)
        elif kind == "sigmoid": x = torch.sigmoid(x)
        elif kind == "softplus": x = F.softplus(x)
        elif kind == "dropout": pass
        elif kind == "maxPool2d": x = F.max_pool2d(x, square(o["kernel"]), o["stride"], o["padding"])
        elif kind == "avgPool2d": x = F.avg_pool2d(x, square(o["kernel"]), square(o["stride"]), o["padding"])
        elif kind == "adaptiveAvgPool2d": x = F.adaptive_avg_pool2d(x, square(o["out"]))
        elif kind == "localResponseNorm": x = F.local_response_norm(x, o["size"], o["alpha"], o["beta"], o["k"])
        else:
            groups = {"instanceNorm2d": x.shape[1], "groupNorm": o.get("groups"), "batchNorm2d": 0}[kind]
            x = norm(x, take(2, x.shape[1]) if o["affine"] else None, groups, o["eps"])
    return x
def loss(g, theta, images, targets):
    z = network(g["model"], theta, images)
    y = targets.view(z.shape)
    if g["loss"] == "mse": return ((z - y) ** 2).sum() / (2 * len(z)), z
    return -(y * F.log_softmax(z, 1)).sum() / len(z), z
def flat(tensors): return [x for t in tensors for x in t.flatten().tolist()]
def derivatives(g):
    p = g["problem"]
    theta, rates = tensor(p["parameters"]), tensor(p["learningRates"])
    blocks = [(tensor(b["images"]), tensor(b["targets"])) for b in p["steps"]]
    value, logits = loss(g, theta, *blocks[0])
    gradient = torch.autograd.grad(value, [theta, *blocks[0]], create_graph=True)
    vector = torch.tensor(g["vector"], dtype=torch.float64)
    product = torch.autograd.grad((gradient[0] * vector).sum(), [theta, *blocks[0]], allow_unused=True)
    product = [torch.zeros_like(x) if h is None else h for h, x in zip(product, [theta, *blocks[0]])]
    w, v = theta, torch.zeros_like(theta)
    for t in range(len(rates)):
        d, = torch.autograd.grad(loss(g, w, *blocks[t % len(blocks)])[0], w, create_graph=True)
        v = p["momentum"] * v + d + p["weightDecay"] * w
        w = w - rates[t] * v
    outer, _ = loss(g, w, torch.tensor(p["real"]["images"], dtype=torch.float64), torch.tensor(p["real"]["targets"], dtype=torch.float64))
    initial, slopes, *rest = torch.autograd.grad(outer, [theta, rates] + [x for b in blocks for x in b])
    return {"loss": [value.item()], "logits": flat([logits]), "∂ℓ/∂θ": flat([gradient[0]]), "∂ℓ/∂images": flat([gradient[1]]),
            "∂ℓ/∂targets": flat([gradient[2]]), "H_θθ·v": flat([product[0]]), "H_xθ·v": flat([product[1]]), "H_yθ·v": flat([product[2]]),
            "outer loss": [outer.item()], "∂L/∂images": flat(rest[0::2]), "∂L/∂targets": flat(rest[1::2]),
            "∂L/∂η": flat([slopes]), "θ_T": flat([w]), "∂L/∂θ_0": flat([initial])}
print(json.dumps([derivatives(g) for g in given]))
`;

describe.skipIf(noPyTorch || onGpu)("PyTorch's autograd gives the reference's numbers for random chains", () => {
  test("that drop nothing, to 1e-9", { timeout: 300_000 }, async () => {
    const drawn: Chain[] = await Promise.all(seeds.map(drawChain));
    const chains = drawn.filter(({ dropoutSeed }) => dropoutSeed === undefined);
    const given = chains.map(({ model, ...chain }) => ({
      ...chain,
      model: describeModel(model),
      vector: directionIn(model),
    }));
    const expected = pytorch(program, given) as Record<string, number[]>[];
    for (const [i, chain] of chains.entries()) {
      const got = await derivatives(reference, chain);
      expect(Object.keys(expected[i]!)).toEqual(Object.keys(got));
      for (const [part, values] of Object.entries(got)) {
        const scale = Math.max(largest(expected[i]![part]!), leastScale);
        expectClose(values, expected[i]![part]!, exactTolerance, `${part}, ${chain.label}`, scale);
      }
    }
  });
});
