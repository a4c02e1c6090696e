// AlexNet at its full size, 57 million parameters, against torchvision's definition written out.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { alexNet } from "../../src/nn/zoo.ts";
import { expectClose, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

/** Float32 against float32, sums of up to 9,216 products in two orders. */
const tolerance = 1e-4;

const program = `
class AlexNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        conv = lambda i, o, k, **more: [nn.Conv2d(i, o, k, **more), nn.ReLU()]
        pool = lambda: [nn.MaxPool2d(3, 2)]
        self.features = nn.Sequential(
            *conv(3, 64, 11, stride=4, padding=2), *pool(), *conv(64, 192, 5, padding=2), *pool(),
            *conv(192, 384, 3, padding=1), *conv(384, 256, 3, padding=1), *conv(256, 256, 3, padding=1), *pool())
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(),
                                        nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, classes))
    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
module = AlexNet(20).eval()
module.load_state_dict(load(given["path"]))
with torch.no_grad():
    print(json.dumps(module(torch.tensor(given["images"]).view(-1, 3, 224, 224)).flatten().tolist()))`;

test.skipIf(noPyTorch)("PyTorch loads AlexNet's parameters and gives the same logits", async () => {
  const model = alexNet({ classes: 20 });
  const parameters = paint(model.parameterCount, 1);
  for (const { offset, size, fanIn, fanOut } of model.parameters) {
    const scale = Math.sqrt(6 / (fanIn + fanOut));
    for (let i = offset; i < offset + size; i++) parameters[i]! *= scale;
  }
  const images = paint(2 * 3 * 224 * 224, 2);
  const folder = mkdtempSync(join(tmpdir(), "distillate-"));
  let expected: number[];
  try {
    const path = join(folder, "alex-net.safetensors");
    writeFileSync(path, parametersToSafetensors(model, parameters));
    expected = pytorch(program, { path, images }) as number[];
  } finally {
    rmSync(folder, { recursive: true });
  }
  await using engine = await createEngine({ threads: 2 });
  const { logits } = await (await engine.bind(model)).forward({ parameters, images });
  expect(logits).toHaveLength(40);
  expectClose(logits, expected, tolerance, "logits, seeds 1 and 2");
});
