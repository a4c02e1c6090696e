// The sets that the page comes with.
import madeBefore from "../../made-before.safetensors?url";
import type { Figure } from "./api.ts";

export interface OpeningSet {
  readonly id: string;
  /** On its button. */
  readonly title: string;
  readonly url: string;
  readonly figures: readonly Figure[];
}

export const openingSets: readonly OpeningSet[] = [
  {
    id: "hundred",
    title: "100 images",
    url: madeBefore,
    figures: [{ kind: "distilled", mean: 0.8, std: 0.04, networks: 20, images: 100 }],
  },
];
