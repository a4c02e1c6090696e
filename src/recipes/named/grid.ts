// The benchmark of the methods after 2018: MNIST, Fashion-MNIST and CIFAR-10, each with 1, 10 and 50 images of a class.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const sets = ["mnist", "fashion-mnist", "cifar10"] as const;
const sizes = [1, 10, 50] as const;

/** A data set of the benchmark. */
export type GridData = (typeof sets)[number];
/** Images of a class in the benchmark. */
export type GridSize = (typeof sizes)[number];

/** What papers report for one data set, in percent: the accuracy, and its spread if they give one, for each size. */
export type GridFigures = Readonly<Record<GridSize, readonly [accuracy?: number, spread?: number]>>;

/** What a method does on the benchmark. */
export interface Grid {
  /** The end of the recipes' names, as in mnist-frepo and mnist-frepo-100, the one with 100 images in all. */
  readonly suffix: string;
  /** What the images are. */
  readonly summary: string;
  /** The rest of a recipe. */
  readonly recipe: (data: GridData, perClass: GridSize) => object;
  /** What papers report; nothing where they report no networks of this kind. */
  readonly paper?: Readonly<Partial<Record<GridData, GridFigures>>>;
  /** Whose figures these are and with which setting. */
  readonly figuresOf?: string;
}

const titles: Readonly<Record<GridData, string>> = {
  mnist: "MNIST",
  "fashion-mnist": "Fashion-MNIST",
  cifar10: "CIFAR-10",
};

/** Makes the recipes of a method, data set by data set. */
export function grid({ suffix, summary, recipe, paper = {}, figuresOf = "" }: Grid): readonly Recipe[] {
  return sets.flatMap((data) =>
    sizes.map((perClass) => {
      const images = 10 * perClass;
      const name = `${data}-${suffix}${perClass === 1 ? "" : `-${images}`}`;
      const [accuracy, spread] = paper[data]?.[perClass] ?? [];
      const reported = {
        paper: { accuracy, ...(spread !== undefined && { spread }), text: `on ${titles[data]}, ${figuresOf}` },
      };
      const said = { name, summary, data: { name: data } };
      return parseRecipe({ ...said, ...(accuracy !== undefined && reported), ...recipe(data, perClass) }, name);
    }),
  );
}
