// Multi-formation (Kim et al., ICML 2022, §4.1): x = enlarged tile, and so ∂tile = the adjoint of enlarging. A tile is a learned
// tensor like images, of fewer rows and columns, so that all tiles of a set are enlarged by one call (docs/math.md §14).
import type { Floats } from "../../backend/buffer.ts";
import type { Resize2dShape } from "../../backend/shapes.ts";
import type { Allocators } from "../../inner/allocators.ts";
import { enlarging } from "../decoder-sizes.ts";
import type { StoredDecoder } from "../distilled-set.ts";
import type { FormationImages } from "../image-options.ts";
import { rowsOfSet } from "../tensor-rows.ts";
import type { Adjoint, Decoder, DecoderParts, DecoderTensor } from "./decoder.ts";

export class Formation implements Decoder {
  readonly tensors: readonly [DecoderTensor];
  readonly #options: FormationImages;
  readonly #parts: DecoderParts;
  readonly #shape: Resize2dShape;

  constructor(options: FormationImages, parts: DecoderParts) {
    const { images, shape, memory } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#shape = enlarging(shape, options.factor, images.packing);
    const { channels, inHeight, inWidth, lanes } = this.#shape;
    const floats = channels * inHeight * inWidth * lanes;
    const features = shape[0] * inHeight * inWidth;
    this.tensors = [
      {
        ...{ name: "tiles", called: "tiles", value: memory.gradients.allocate(floats), floats },
        packing: { ...images.packing, features },
      },
    ];
  }

  start(): void {
    const { images, backend } = this.#parts;
    const { inHeight, inWidth, outHeight, outWidth } = this.#shape;
    const smaller = { inHeight: outHeight, inWidth: outWidth, outHeight: inHeight, outWidth: inWidth };
    backend.ops.resize2dForward(this.tensors[0].value, images.value, { ...this.#shape, ...smaller });
  }

  decode(): void {
    const { images, backend } = this.#parts;
    backend.ops.resize2dForward(images.value, this.tensors[0].value, this.#shape);
  }

  adjoint({ gradients }: Allocators): Adjoint {
    const dTiles = gradients.allocate(this.tensors[0].floats);
    const { ops } = this.#parts.backend;
    return { gradients: [dTiles], record: (dImages) => ops.resize2dBackward(dTiles, dImages, this.#shape) };
  }

  stored(rows: ReadonlyMap<string, Floats>): StoredDecoder {
    return { name: "formation", factor: this.#options.factor, tiles: rowsOfSet(rows.get("tiles")!) };
  }
}
