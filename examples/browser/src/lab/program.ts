// A run of this page as a program for Node: the same calls with the same options.
import type { Settings } from "./api.ts";

/**
 * Returns a program that makes the same set, and prints its digest.
 *
 * @param size the width of the user's own pictures; undefined for the packaged digits.
 */
export function programOf(settings: Settings, size?: number): string {
  const packaged = size === undefined;
  const { outerSteps, seed } = settings;
  const { imports, model, method, init, outer } = partsOf(settings);
  const names = ["digits", "distill", "evaluate", "setDigest", ...imports]
    .filter((name) => packaged || name !== "digits")
    .sort();
  return `// npm install distillate
import { ${names.join(", ")} } from "distillate";
${packaged ? "" : 'import { loadDataset } from "distillate/node";\n'}
${packaged ? "const { train, test } = await digits();" : ownData(size)}
const model = ${packaged ? model.digits : model.own};
const init = ${init};
const run = distill({
  data: train, model, init, seed: ${seed},
  method: ${method},
  outer: { steps: ${outerSteps}, ${outer} },
});
for await (const { step, loss } of run) console.log(step, loss);
const set = await run.result();
console.log(await evaluate({ set, model, init, networks: 5, test }));
console.log(await setDigest(set));
`;
}

function ownData(size: number): string {
  return `// A folder with a folder of pictures for each class.
const { train, test } = await loadDataset("my-pictures", { size: ${size} });`;
}

interface Parts {
  readonly imports: readonly string[];
  readonly model: { readonly digits: string; readonly own: string };
  readonly method: string;
  readonly init: string;
  /** The outer settings but for the number of steps. */
  readonly outer: string;
}

const shape = "input: [train.channels, train.height, train.width], classes: train.classes";

function convNetOf(width: number): Parts["model"] {
  const rest = `width: ${width}, norm: "none"`;
  return { digits: `convNet({ input: [1, 28, 28], classes: 10, ${rest} })`, own: `convNet({ ${shape}, ${rest} })` };
}

/** The same as `optionsOf` (options.ts), as text. */
function partsOf({ method, init, imagesPerClass, steps, epochs, batch, seed }: Settings): Parts {
  if (method === "distribution-matching") {
    return {
      imports: ["convNet", "distributionMatching", "randomInit"],
      model: convNetOf(16),
      method: `distributionMatching({ imagesPerClass: ${imagesPerClass}, realPerClass: ${batch}, init: "noise" })`,
      init: 'randomInit("kaiming-fan-in")',
      outer: "learningRate: 1",
    };
  }
  if (method === "frepo") {
    return {
      imports: ["convNet", "frepo", "randomInit"],
      model: convNetOf(32),
      method: `frepo({ imagesPerClass: ${imagesPerClass} })`,
      init: 'randomInit("kaiming-fan-in")',
      outer: `batch: ${batch}, learningRate: 0.005`,
    };
  }
  return {
    imports: ["backGradient", "lenet", init === "fixed" ? "fixedInit" : "randomInit"],
    model: {
      digits: "lenet()",
      own: "lenet({ channels: train.channels, size: train.height, classes: train.classes })",
    },
    method: `backGradient({ steps: ${steps}, epochs: ${epochs}, imagesPerClass: ${imagesPerClass}, initialNoise: 0.1 })`,
    init: init === "fixed" ? `fixedInit(${seed})` : "randomInit()",
    outer: `batch: ${batch}`,
  };
}
