// Measures the speed of this machine by two small distillations that take about a second, and remembers it.
import { stat } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import envPaths from "env-paths";
import { jsonFromBytes } from "../../codecs/json.ts";
import {
  alexCifarNet,
  backGradient,
  createEngine,
  type Dataset,
  distill,
  type Engine,
  lenet,
  type Model,
  version,
} from "../../index.ts";
import { backGradientFlops, forwardFlops } from "../../nn/flops.ts";
import { makeFolder, readBytes } from "../../node/files.ts";
import { writeFileAtomic } from "../../node.ts";

/** Additions and multiplications per second of whole outer steps, on small networks and on those that fill the kernels. */
export interface Speed {
  readonly small: number;
  readonly large: number;
}

/** The flops of a forward pass from which a network counts as large: LeNet has 0.8 million, AlexCifarNet 66 million. */
const largeFlops = 1e7;

/** The limits on measuring one network, after two outer steps. */
const most = { steps: 8, milliseconds: 500 };

/** Returns the seconds that the outer steps of a run take at this speed. */
export function secondsOf({ flops, model }: { flops: number; model: Model }, speed: Speed): number {
  return flops / (forwardFlops(model).all < largeFlops ? speed.small : speed.large);
}

/** Returns the speed of this machine on all its threads: as this version measured it before, or measured now. */
export async function machineSpeed(): Promise<Speed> {
  const folder = envPaths("distillate", { suffix: "" }).cache;
  const file = join(folder, "speed.json");
  await using engine = await createEngine();
  const machine = `${version}, ${cpus()[0]?.model ?? "unknown"}, ${engine.threads} threads`;
  const known = await remembered(file);
  if (known?.machine === machine && known.small > 0 && known.large > 0)
    return { small: known.small, large: known.large };
  const speed = {
    small: await measure(lenet(), { engine, steps: 10, epochs: 3, batch: 256 }),
    large: await measure(alexCifarNet({ classes: 4 }), { engine, steps: 1, epochs: 1, batch: 16 }),
  };
  // A machine that cannot store the speed is measured every time.
  await makeFolder(folder)
    .then(() => writeFileAtomic(file, new TextEncoder().encode(`${JSON.stringify({ machine, ...speed })}\n`)))
    .catch(() => {});
  return speed;
}

/** Returns the speed measured within the last day; older ones do not count, because other programs may have run then. */
async function remembered(file: string): Promise<(Speed & { machine: string }) | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs >= 86_400_000) return undefined;
    return jsonFromBytes(await readBytes(file, 2 ** 16), file) as Speed & { machine: string };
  } catch {
    return undefined;
  }
}

/** Returns flops per second of the fastest outer step after the first, which includes the compiling of code. */
async function measure(
  model: Model,
  { engine, steps, epochs, batch }: { engine: Engine; steps: number; epochs: number; batch: number },
): Promise<number> {
  const method = backGradient({ steps, epochs, imagesPerClass: 1 });
  const run = distill({ data: greys(model, batch), model, method, outer: { steps: most.steps, batch }, engine });
  const startedAt = performance.now();
  let [least, before] = [Number.POSITIVE_INFINITY, Number.NaN];
  for await (const _ of run) {
    const now = performance.now();
    if (now - before < least) least = now - before;
    before = now;
    if (Number.isFinite(least) && now - startedAt > most.milliseconds) break;
  }
  return (1000 * backGradientFlops(model, { steps, epochs, imagesPerStep: model.classes, real: batch })) / least;
}

/** Makes images of all greys: their content does not change what they cost. */
function greys({ inputShape, classes }: Model, count: number): Dataset {
  const [channels, height, width] = inputShape;
  const pixels = Uint8Array.from({ length: count * channels * height * width }, (_, i) => (i * 37) % 256);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const [mean, std] = [0.5, 0.3].map((value) => new Array<number>(channels).fill(value)) as [number[], number[]];
  return { name: "greys", pixels, labels, count, channels, height, width, classes, mean, std };
}
