// Sets as the code of DC, DSA, DM, MTT, DATM, IDC and FRePo saves them, written by PyTorch and NumPy in the same way, are read with
// the values that were saved. One process of Python makes all files.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { distilledFromBytes, distilledToSafetensors } from "../../../src/formats/distilled-file.ts";
import { type ForeignSet, foreignSet } from "../../../src/formats/foreign/foreign-set.ts";
import type { ForeignSetOptions } from "../../../src/formats/foreign/options.ts";
import { expectClose } from "../../helpers.ts";
import { noPyTorch, pytorch } from "../../pytorch.ts";

const program = `
import numpy as np, os
torch.manual_seed(7)
os.chdir(given)
cifar = (torch.tensor([0.4914, 0.4822, 0.4465]), torch.tensor([0.2023, 0.1994, 0.2010]))
normal = lambda p, m, s: (p - m.view(1, -1, 1, 1)) / s.view(1, -1, 1, 1)
hard = torch.tensor([k for k in range(10) for _ in range(2)])
said = {}

# DC, DSA, DM: the sets of all experiments, and accuracies as numpy.float64
sets = [normal(torch.rand(20, 3, 8, 8), *cifar) for _ in range(2)]
accs = {"ConvNet": [np.float64(0.5), np.float64(0.25)], "MLP": []}
torch.save({"data": [[x, hard] for x in sets], "accs_all_exps": accs}, "res_DM_CIFAR10_ConvNet_2ipc.pt")
said["DM"] = [sets[1].flatten().tolist(), hard.tolist()]

# MTT: two files, of a leaf that requires a gradient and has a view's strides
grey = (torch.rand(20, 1, 8, 8) - 0.1307) / 0.3081
leaf = grey.clone().requires_grad_(True)
with torch.no_grad():
    torch.save(leaf.cpu(), "images_best.pt")
    torch.save(hard, "labels_best.pt")
said["MTT"] = grey.flatten().tolist()

# DATM: soft labels as logits, and the learned rate
os.mkdir("datm")
logits = torch.randn(20, 10) * 4
torch.save(sets[0].transpose(2, 3).contiguous().transpose(2, 3), "datm/images_1000.pt")
torch.save(logits.requires_grad_(True), "datm/labels_1000.pt")
torch.save(torch.tensor(0.0123), "datm/lr_1000.pt")
said["DATM"] = [sets[0].flatten().tolist(), F.softmax(logits, 1).flatten().tolist()]

# IDC: pixels from 0 to 1 in formations; 9 does not divide by 2
pixels = torch.rand(10, 3, 9, 9)
targets = torch.arange(10)
torch.save([pixels.requires_grad_(True).detach().cpu(), targets.cpu()], "data.pt")
padded = F.pad(pixels.detach(), (0, 1, 0, 1), value=0.5)
parts = [padded[:, :, i:i + 5, j:j + 5] for i in (0, 5) for j in (0, 5)]
big = torch.stack([F.interpolate(p, size=9, mode="bilinear", align_corners=False) for p in parts], 1)
said["IDC"] = [pixels.flatten().tolist(), big.flatten().tolist(), ((big - 0.5) / 0.25).flatten().tolist()]

# FRePo: channels last, labels centred and scaled, then learned
y = (torch.eye(10)[targets] - 0.1) + 0.01 * torch.randn(10, 10)
x = ((torch.rand(10, 8, 8, 1) - 0.2861) / 0.3530)
np.savez("step500000.npz", image=x.numpy(), label=y.numpy())
torch.save({"x_proto": x.half(), "y_proto": y.bfloat16()}, "frepo.pt")
colour = torch.rand(10, 8, 7, 3)
np.savez("frepo3.npz", x_proto=(colour * 255).byte().numpy(), y_proto=y.numpy())
said["FRePo"] = [x.flatten().tolist(), y.flatten().tolist(), x.half().flatten().tolist(), y.bfloat16().flatten().tolist(),
                 (colour * 255).byte().permute(0, 3, 1, 2).flatten().tolist()]
print(json.dumps(said))
`;

interface Saved {
  readonly DM: readonly [images: number[], labels: number[]];
  readonly MTT: number[];
  readonly DATM: readonly [images: number[], targets: number[]];
  readonly IDC: readonly [images: number[], decoded: number[], standardized: number[]];
  readonly FRePo: readonly [x: number[], y: number[], halfX: number[], halfY: number[], bytes: number[]];
}

let folder = "";
let saved: Saved;
beforeAll(() => {
  if (noPyTorch) return;
  folder = mkdtempSync(join(tmpdir(), "distillate-foreign-"));
  saved = pytorch(program, folder) as Saved;
});
afterAll(() => folder && rmSync(folder, { recursive: true }));

function read(files: string | readonly string[], options: ForeignSetOptions = {}): Promise<ForeignSet> {
  return foreignSet(
    [files].flat().map((path) => ({ path, bytes: readFileSync(join(folder, path)) })),
    options,
  );
}

const oneHot = (labels: readonly number[], classes: number): Float32Array =>
  Float32Array.from(labels.flatMap((label) => Array.from({ length: classes }, (_, k) => Number(k === label))));
/** What was found, without the reasons. */
const found = ({ findings }: ForeignSet) =>
  Object.fromEntries(findings.map(({ what, value, by }) => [what, `${value} ${by}`]));

describe.skipIf(noPyTorch)("published sets", () => {
  test("DC, DSA and DM: one experiment of the file is chosen, and its values are those that were saved", async () => {
    const file = "res_DM_CIFAR10_ConvNet_2ipc.pt";
    await expect(read(file)).rejects.toThrow(
      `${file}: expected one set, or an entry that says which, got "data[0]" (images [20, 3, 8, 8]), "data[1]" (images [20, 3, 8, 8])`,
    );
    await expect(read(file, { entry: "data[2]" })).rejects.toThrow('expected a set at "data[2]", got "data[0]"');
    const foreign = await read(file, { entry: "data[1]" });
    const { set } = foreign;
    expect(set).toMatchObject({
      ...{ steps: 1, epochs: 0, imagesPerStep: 20, channels: 3, height: 8, width: 8, classes: 10 },
      ...{ mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
      training: { epochs: 300, learningRate: 0.01, batch: 256, decayAt: [150] },
    });
    expect(set.images).toEqual(Float32Array.from(saved.DM[0]));
    expect(set.targets).toEqual(oneHot(saved.DM[1], 10));
    expect(set.recipe.loss).toBeUndefined();
    expect(found(foreign)).toEqual({
      ...{ form: "DC guessed", layout: "NCHW guessed", labels: "classes file", classes: "10 guessed" },
      ...{ normalization: "cifar10 guessed", training: "300 epochs guessed" },
    });
    expect(await distilledFromBytes(distilledToSafetensors(set), "a.safetensors")).toEqual(set);
  });

  test("MTT: images and labels of two files, and what is declared is said to be", async () => {
    const files = ["labels_best.pt", "images_best.pt"];
    const foreign = await read(files, { normalization: "mnist", classes: 12, layout: "NCHW", training: { epochs: 5 } });
    expect(foreign.set.images).toEqual(Float32Array.from(saved.MTT));
    expect(foreign.set.targets).toEqual(oneHot(saved.DM[1], 12));
    expect(foreign.set).toMatchObject({ mean: [0.1307], std: [0.3081], training: { epochs: 5, decayAt: [2] } });
    expect(found(foreign)).toEqual({
      ...{ form: "MTT guessed", layout: "NCHW declared", labels: "classes file", classes: "12 declared" },
      ...{ normalization: "mnist declared", training: "5 epochs declared" },
    });
    expect(found(await read(files)).normalization).toBe("mnist guessed");
    await expect(read("images_best.pt")).rejects.toThrow('got "" [20, 1, 8, 8]');
  });

  test("DATM: soft labels are the softmax of what is stored, and the learned rate is the protocol's", async () => {
    const files = ["images", "labels", "lr"].map((name) => `datm/${name}_1000.pt`);
    const foreign = await read(files);
    expect(foreign.set.images).toEqual(Float32Array.from(saved.DATM[0]));
    expectClose(foreign.set.targets, saved.DATM[1], 1e-6, "softmax");
    expect(foreign.set.training?.learningRate).toBe(Math.fround(0.0123));
    expect(found(foreign)).toMatchObject({
      labels: "logits guessed",
      classes: "10 file",
      normalization: "cifar10 guessed",
    });
    expect(foreign.findings.at(-1)?.because).toContain("is in the files");
    const declared = await read(files, { labels: "logits", training: { learningRate: 0.5 } });
    expect(declared.set.training?.learningRate).toBe(0.5);
    expect(declared.set.targets).toEqual(foreign.set.targets);
    await expect(read(files, { labels: "probabilities" })).rejects.toThrow("to be probabilities, whose rows sum to 1");
    await expect(read(files, { classes: 12 })).rejects.toThrow("to have a column for each of 12 classes, got 10");
  });

  test("IDC: pixels are cut and enlarged as torch.nn.functional.interpolate enlarges, and normalised where that is asked for", async () => {
    const plain = await read("data.pt");
    expect(plain.set.images).toEqual(Float32Array.from(saved.IDC[0]));
    expect(plain.set).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1], imagesPerStep: 10 });
    expect(found(plain)).toMatchObject({
      form: "IDC guessed",
      normalization: "pixels guessed",
      formation: "1 guessed",
    });

    const cut = await read("data.pt", { factor: 2, normalization: "pixels" });
    expect(cut.set).toMatchObject({ imagesPerStep: 40, height: 9, width: 9, classes: 10 });
    expectClose(cut.set.images, saved.IDC[1], 1e-6, "enlarged");
    expect(cut.set.targets).toEqual(
      oneHot(
        Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)),
        10,
      ),
    );
    expect(found(cut)).toMatchObject({ formation: "2 declared", normalization: "pixels declared" });

    const seen = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const standardized = await read("data.pt", { factor: 2, standardize: seen });
    expect(standardized.set).toMatchObject(seen);
    expectClose(standardized.set.images, saved.IDC[2], 1e-5, "standardised");
    const named = await read("data.pt", { standardize: "cifar100" });
    expect(named.set.std).toEqual([0.2673, 0.2564, 0.2762]);
  });

  test("FRePo: channels last are brought before height and width, and centred labels stay as they are, with the loss mse", async () => {
    const [x, y, halfX, halfY, bytes] = saved.FRePo;
    for (const [file, images, labels] of [
      ["step500000.npz", x, y],
      ["frepo.pt", halfX, halfY],
    ] as const) {
      const foreign = await read(file);
      expect(foreign.set.images, file).toEqual(Float32Array.from(images));
      expect(foreign.set.targets, file).toEqual(Float32Array.from(labels));
      expect(foreign.set).toMatchObject({ channels: 1, height: 8, width: 8, classes: 10, recipe: { loss: "mse" } });
      expect(found(foreign)).toMatchObject({
        ...{ form: "FRePo guessed", labels: "centred guessed", normalization: "fashion-mnist guessed" },
      });
    }
    const colour = await read("frepo3.npz");
    expect(colour.set).toMatchObject({ channels: 3, height: 8, width: 7 });
    expect(colour.set.images).toEqual(Float32Array.from(bytes, (byte) => byte / 255));
    expect(found(colour)).toMatchObject({ layout: "NHWC guessed", normalization: "pixels file" });
  });
});
