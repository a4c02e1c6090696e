// Whole networks against PyTorch in float64, from a state_dict of ours: logits, gradient and Hessian-vector product.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { parametersFromSafetensors, parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { elements } from "../../src/nn/layer.ts";
import type { Model } from "../../src/nn/model.ts";
import { alexCifarNet, type ConvNetOptions, convNet, lenet, mlp, vgg11 } from "../../src/nn/zoo.ts";
import { expectClose, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

/** Float64 against float64 through a dozen layers, normalisations among them, which divide by small numbers. */
const exactTolerance = 1e-10;
/** Float32 kernels, the same way. */
const kernelTolerance = 1e-4;

/** The networks as PyTorch users write them, with the attributes that give state dicts their names. */
const modules = `
def named(**parts):
    module = nn.Module()
    for name, part in parts.items(): setattr(module, name, part)
    return module
def lenet():
    m = named(conv1=nn.Conv2d(1, 6, 5, padding=2), conv2=nn.Conv2d(6, 16, 5),
              fc1=nn.Linear(400, 120), fc2=nn.Linear(120, 84), fc3=nn.Linear(84, 10))
    pool = lambda x: F.max_pool2d(F.relu(x), 2)
    m.forward = lambda x: m.fc3(F.relu(m.fc2(F.relu(m.fc1(pool(m.conv2(pool(m.conv1(x)))).flatten(1))))))
    return m
def mlp():
    m = named(fc_1=nn.Linear(48, 20), fc_2=nn.Linear(20, 15), fc_3=nn.Linear(15, 10))
    m.forward = lambda x: m.fc_3(F.relu(m.fc_2(F.relu(m.fc_1(x.flatten(1))))))
    return m
def alexCifarNet():
    conv = lambda c: nn.Conv2d(c, 64, 5, padding=2)
    pool = lambda: nn.MaxPool2d(3, 2, 1)
    lrn = lambda: nn.LocalResponseNorm(4, alpha=0.001 / 9, beta=0.75, k=1)
    m = named(features=nn.Sequential(conv(3), nn.ReLU(), pool(), lrn(), conv(64), nn.ReLU(), lrn(), pool()),
              classifier=nn.Sequential(nn.Linear(4096, 384), nn.ReLU(), nn.Linear(384, 192), nn.ReLU(), nn.Linear(192, 10)))
    m.forward = lambda x: m.classifier(m.features(x).flatten(1))
    return m
def vgg11():
    layers, c = [], 1
    for ic, x in enumerate([64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]):
        if x == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(c, x, 3, padding=3 if ic == 0 else 1), nn.GroupNorm(x, x), nn.ReLU()]
        c = x
    m = named(features=nn.Sequential(*layers), classifier=nn.Linear(512, 10))
    m.forward = lambda x: m.classifier(m.features(x).flatten(1))
    return m
def convNet(input, classes, depth, width, norm, activation, pooling):
    norms = {"instance": lambda: nn.GroupNorm(width, width), "group": lambda: nn.GroupNorm(4, width),
             "batch": lambda: nn.BatchNorm2d(width, track_running_stats=False), "none": None}
    activations = {"relu": nn.ReLU, "leakyrelu": nn.LeakyReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
    poolings = {"avg": lambda: nn.AvgPool2d(2), "max": lambda: nn.MaxPool2d(2), "none": None}
    c, h, w = input
    layers = []
    for d in range(depth):
        layers.append(nn.Conv2d(c, width, 3, padding=3 if d == 0 and h == 28 else 1))
        layers += [make() for make in (norms[norm], activations[activation], poolings[pooling]) if make]
        c = width
    features = nn.Sequential(*layers)
    m = named(features=features, classifier=nn.Linear(features(torch.zeros(2, *input)).flatten(1).shape[1], classes))
    m.forward = lambda x: m.classifier(m.features(x).flatten(1))
    return m
`;

const program = `${modules}
module = globals()[given["make"]](**given["options"]).double()
module.load_state_dict(load(given["parameters"]))
direction = load(given["direction"])
x = torch.tensor(given["images"], dtype=torch.float64).view([-1] + given["shape"])
logits = module.forward(x)
names, theta = zip(*module.named_parameters())
gradient = torch.autograd.grad(F.cross_entropy(logits, torch.tensor(given["labels"])), theta, create_graph=True)
product = torch.autograd.grad(sum((g * direction[n].double()).sum() for n, g in zip(names, gradient)), theta)
save(dict(zip(names, (g.detach() for g in gradient))), given["gradient"])
save(dict(zip(names, product)), given["product"])
print(json.dumps(logits.flatten().tolist()))`;

const small = { input: [3, 16, 16], classes: 10, depth: 2, width: 8 } as const;
const convNets: readonly ConvNetOptions[] = [
  { ...small, norm: "instance", activation: "relu", pooling: "avg" },
  { ...small, norm: "group", activation: "leakyrelu", pooling: "max" },
  { ...small, norm: "batch", activation: "tanh", pooling: "avg" },
  { ...small, norm: "none", activation: "sigmoid", pooling: "none", depth: 1 },
  { ...small, norm: "instance", activation: "tanh", pooling: "max", input: [1, 28, 28], depth: 3 },
];
const cases: readonly [name: string, model: Model, make: string, options: object][] = [
  ["LeNet", lenet(), "lenet", {}],
  ["the multilayer perceptron", mlp({ input: [3, 4, 4], hidden: [20, 15], classes: 10 }), "mlp", {}],
  ["AlexCifarNet", alexCifarNet(), "alexCifarNet", {}],
  ["VGG-11", vgg11({ input: [1, 28, 28], classes: 10 }), "vgg11", {}],
  ...convNets.map((options): (typeof cases)[number] => {
    const { input, depth, norm, activation, pooling } = options;
    return [`ConvNet of [${input}], ${depth} × ${norm} ${activation} ${pooling}`, convNet(options), "convNet", options];
  }),
];

describe.skipIf(noPyTorch)("PyTorch gives the same logits, gradient and Hessian-vector product", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "distillate-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(cases)("%s", async (_, model, make, options) => {
    const path = (name: string) => join(folder, `${name}.safetensors`);
    // Xavier's scale keeps activations and gradients of all layers alike; the numbers are float32's.
    const parameters = paint(model.parameterCount, 1);
    for (const { offset, size, fanIn, fanOut } of model.parameters) {
      const scale = Math.sqrt(6 / (fanIn + fanOut));
      for (let i = offset; i < offset + size; i++) parameters[i]! *= scale;
    }
    const vector = paint(model.parameterCount, 2, 0.1);
    // One image is enough for the 33 and 153 million products of these, three tell batch norm from instance norm.
    const large = make === "alexCifarNet" || make === "vgg11";
    const targets = large ? Uint8Array.of(3) : Uint8Array.of(3, 0, 7);
    const images = paint(targets.length * elements(model.inputShape), 3);
    writeFileSync(path("parameters"), parametersToSafetensors(model, parameters));
    writeFileSync(path("direction"), parametersToSafetensors(model, vector));
    const files = Object.fromEntries(["parameters", "direction", "gradient", "product"].map((key) => [key, path(key)]));
    const given = { make, options, images, labels: [...targets], shape: model.inputShape, ...files };
    const logits = pytorch(program, given) as number[];
    const read = (name: string) => parametersFromSafetensors(readFileSync(path(name)), model, { name });

    await using reference = await createEngine({ backend: "reference" });
    await using engine = await createEngine({ threads: 1 });
    for (const [where, tolerance] of [
      [reference, exactTolerance],
      [engine, kernelTolerance],
    ] as const) {
      const net = await where.bind(model);
      const label = `${where.backend.name}, seeds 1 to 3`;
      const forward = await net.forward({ parameters, images });
      expectClose(forward.logits, logits, tolerance, `logits, ${label}`);
      // The other passes of so many products would take the reference a quarter of a minute and more.
      if (where === reference && large) continue;
      const gradients = await net.gradients({ parameters, images, targets });
      expectClose(gradients.parameters, read("gradient"), tolerance, `gradient, ${label}`);
      const product = await net.hessianVectorProduct({ parameters, images, targets, vector });
      expectClose(product.parameters, read("product"), tolerance, `product, ${label}`);
    }
  });
});
