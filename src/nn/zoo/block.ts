// PyTorch modules keep a run of layers in an nn.Sequential, whose parameters are then called features.0.weight, …
import type { Layer } from "../layer.ts";
import { named } from "../model.ts";

/** Layers called `name.0`, `name.1`, …, as those of an nn.Sequential that is attribute `name` of a module. */
export function block(name: string, layers: readonly Layer[]): Layer[] {
  return layers.map((layer, i) => named(`${name}.${i}`, layer));
}
