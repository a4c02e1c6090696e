// The meta-gradient against PyTorch's autograd, which differentiates torch.optim.SGD's update step by step.
import { beforeAll, describe, expect, test } from "vitest";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { expectClose } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { engines, reference } from "./differences.ts";
import { paintProblem } from "./inner-loops.ts";

/** Two float64 computations of one thing, through up to ten inner steps: some thousand roundings of 2⁻⁵³. */
const referenceTolerance = 1e-12;
/** float32 through those steps, there and back. */
const engineTolerance = networkTolerances.metaGradient;

const model = sequential(
  [1, 5, 5],
  [conv2d({ out: 3, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);

/** Keeps the graph of all inner steps, as the reference code of the paper does, and asks for every derivative at once. */
const program = `
tensor = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
def network(theta, x):
    w1, b1, w2, b2 = [t.view(s) for t, s in zip(theta.split([27, 3, 36, 3]), [(3, 1, 3, 3), (3,), (3, 12), (3,)])]
    x = F.max_pool2d(F.relu(F.conv2d(x.view(-1, 1, 5, 5), w1, b1, padding=1)), 2)
    return F.linear(x.flatten(1), w2, b2)
def loss(theta, block):
    z = network(theta, block[0])
    return -(block[1].view(z.shape) * F.log_softmax(z, 1)).sum() / len(z)
def derivatives(given):
    start, rates = tensor(given["parameters"]), tensor(given["learningRates"])
    blocks = [(tensor(b["images"]), tensor(b["targets"])) for b in given["steps"]]
    theta, v = start, torch.zeros_like(start)
    for t in range(len(rates)):
        g, = torch.autograd.grad(loss(theta, blocks[t % len(blocks)]), theta, create_graph=True)
        v = given["momentum"] * v + g + given["weightDecay"] * theta
        theta = theta - rates[t] * v
    real = (tensor(given["real"]["images"]), tensor(given["real"]["targets"]))
    outer = loss(theta, real)
    inputs = [start, rates] + [x for b in blocks for x in b]
    initial, slopes, *rest = [g.flatten().tolist() for g in torch.autograd.grad(outer, inputs)]
    return {"loss": [outer.item()], "parameters": theta.tolist(), "initial": initial, "learningRates": slopes,
            "images": rest[0::2], "targets": rest[1::2]}
print(json.dumps([derivatives(g) for g in given]))
`;

const loops = [
  { steps: 1, epochs: 1 },
  { steps: 2, epochs: 1 },
  { steps: 1, epochs: 3 },
  { steps: 5, epochs: 2 },
];
const optimizers = [
  { momentum: 0, weightDecay: 0 },
  { momentum: 0.9, weightDecay: 0 },
  { momentum: 0, weightDecay: 5e-4 },
  { momentum: 0.9, weightDecay: 5e-4 },
];
const cases = loops.flatMap((loop, i) =>
  optimizers.map((optimizer, j) => ({ ...loop, ...optimizer, seed: 1400 + 10 * i + j })),
);

const problems = cases.map((options) => paintProblem(model, { ...options, images: 3, real: 5, scale: 0.6, step: 0 }));

const flat = (value: Iterable<number | ArrayLike<number>>): number[] =>
  Array.from(value).flatMap((part) => (typeof part === "number" ? part : Array.from(part)));

describe.skipIf(noPyTorch)(
  "PyTorch's autograd gives the reference's derivatives to 1e-12, and those of engines to 1e-5",
  () => {
    let expected: Record<string, (number | number[])[]>[];
    beforeAll(() => {
      expected = pytorch(program, problems) as typeof expected;
      // On a busy machine PyTorch takes ten seconds to start.
    }, 120_000);

    test.each(cases.map((options, i) => ({ i, ...options })))(
      "of $steps × $epochs steps with momentum $momentum and weight decay $weightDecay",
      async ({ i, seed }) => {
        for (const engine of [reference, ...engines]) {
          const { loss, ...result } = await (await engine.bind(model)).metaGradient(problems[i]!);
          const parts = Object.entries({ loss: [loss], ...result });
          expect(Object.keys(expected[i]!).sort()).toEqual(parts.map(([part]) => part).sort());
          const tolerance = engine === reference ? referenceTolerance : engineTolerance;
          for (const [part, value] of parts) {
            const label = `${part} on ${engine.backend.name}, seed ${seed}`;
            const residual = expectClose(flat(value), flat(expected[i]![part]!), tolerance, label);
            if (engine !== reference) noteResidual("metaGradient", residual);
          }
        }
      },
    );
  },
);
