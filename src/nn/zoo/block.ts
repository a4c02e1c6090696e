// PyTorch modules keep a row of layers in an nn.Sequential, whose parameters are then called features.0.weight, …
import type { Layer } from "../layer.ts";
import { named } from "../model.ts";

/** Names layers `name.0`, `name.1`, …, as PyTorch does if an nn.Sequential is the attribute `name` of a module. */
export function block(name: string, layers: readonly Layer[]): Layer[] {
  return layers.map((layer, i) => named(`${name}.${i}`, layer));
}
