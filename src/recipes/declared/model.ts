// The network of a recipe.
import {
  type Asked,
  asked,
  type Complete,
  flag,
  type Kind,
  list,
  type Open,
  open,
  whole,
} from "../../checks/declare.ts";
import { listed, Misfit, nested, object, variants } from "../../checks/read.ts";
import { isObject } from "../../kinds.ts";
import type { ModelDescription } from "../../nn/describe.ts";
import type { ImageShape } from "../../nn/layer.ts";
import { type ConvNetOptions, convNetOptions } from "../../nn/zoo/conv-net.ts";

const alexNetOptions = {
  /** Whether there is dropout before its two large layers. */
  dropout: open(flag, { help: "puts dropout before each of the first two fully connected layers" }) as Open<boolean>,
};

const mlpOptions = {
  /** The units of each layer between the images and the classes. */
  hidden: asked(list("a list of numbers of units", whole(1)), {
    help: "how many units each layer between the images and the classes has",
  }) as Asked<readonly number[]>,
};

/** A network of the zoo, which takes its channels, size and classes from the data, or a list of layers. */
export type RecipeModel =
  | { readonly name: "lenet" | "alexCifarNet" | "vgg11" }
  | ({ readonly name: "alexNet" } & Complete<typeof alexNetOptions>)
  | ({ readonly name: "convNet" } & Omit<ConvNetOptions, "input" | "classes">)
  | ({ readonly name: "mlp" } & Complete<typeof mlpOptions>)
  | ModelDescription;

const networks: Kind<RecipeModel> = variants(
  "an object with a name of a network, or with inputShape and layers",
  "name",
  { lenet: {}, alexCifarNet: {}, alexNet: alexNetOptions, convNet: convNetOptions, vgg11: {}, mlp: mlpOptions },
);

const inputShape: Kind<ImageShape> = nested("other", "[channels, height, width]", (value, at) => {
  const fits = Array.isArray(value) && value.length === 3 && value.every((n) => Number.isSafeInteger(n) && n >= 1);
  if (!fits) throw new Misfit(at, "[channels, height, width]", value);
  return value as unknown as ImageShape;
});

/** The other fields of a layer are checked by the function that makes it. */
const layer: Kind<ModelDescription["layers"][number]> = nested("other", "an object with a kind", (value, at) => {
  if (!isObject(value)) throw new Misfit(at, "an object with a kind", value);
  const { kind } = value;
  if (typeof kind === "string" && kind.length >= 1 && kind.length <= 200) return { ...value, kind };
  throw new Misfit([...at, "kind"], "the name of a layer", kind);
});

const layers: Kind<ModelDescription> = object({
  inputShape: asked(inputShape, { help: "how many channels, rows and columns an image has" }),
  layers: asked(listed("a list of layers", layer), {
    help: "which layers there are, each with its kind and its options",
  }),
});

export const modelKind: Kind<RecipeModel> = nested(
  "variants",
  networks.expected,
  (value, at) => (isObject(value) && "layers" in value ? layers : networks).read!(value, at),
  { key: networks.key!, variants: networks.variants!, of: layers },
);
