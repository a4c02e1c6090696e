// Compares the distilled images with as many random real ones, and with the average of each class.
import {
  baseline,
  type DatasetSplit,
  type DistilledSet,
  type Engine,
  evaluate,
  type Model,
  type WeightSource,
} from "distillate";
import type { Compared } from "./api.ts";
import { averagePerClass, firstPerClass, tilesOfFirsts } from "./tiles.ts";

/** The set, networks and held-out images of a comparison. */
export interface CompareParts {
  readonly set: DistilledSet;
  readonly data: DatasetSplit;
  readonly model: Model;
  readonly init: WeightSource;
  readonly engine: Engine;
}

const NETWORKS = 5;

/** Calls `tell` with each line as soon as it is measured. */
export async function compare(parts: CompareParts, tell: (line: Compared) => void): Promise<void> {
  const { set, data, ...shared } = parts;
  const images = set.steps * set.imagesPerStep;
  const { train, test } = data;
  const distilled = await evaluate({ ...shared, set, networks: NETWORKS, test });
  tell({ kind: "distilled", ...distilled, images, tiles: tilesOfFirsts(set) });

  const real = { ...shared, train, test, like: set, networks: NETWORKS };
  const random = await baseline({ ...real, kind: "random-real" });
  tell({ ...random, kind: "random-real", images, tiles: firstPerClass(train) });

  const average = await baseline({ ...real, kind: "class-average" });
  tell({ ...average, kind: "class-average", images: train.classes, tiles: await averagePerClass(train) });
}
