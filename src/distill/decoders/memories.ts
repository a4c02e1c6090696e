// Addressable memories (Deng, Russakovsky, NeurIPS 2022; docs/math.md §14): the images of a block are the columns of
//
//   X = U·(B·A)        ∂A = Bᵀ·Uᵀ·∂X        ∂B = Σ_blocks (Uᵀ·∂X)·Aᵀ
//
// with the bases as columns of B [f, J], f floats each, the weights of the images as columns of A [J, images], and U the enlarging.
// The products are those of a linear layer whose weight is B.

import { write } from "../../backend/backend.ts";
import { type Buffer, type Floats, none } from "../../backend/buffer.ts";
import type { LinearShape, Resize2dShape } from "../../backend/shapes.ts";
import type { Allocators } from "../../inner/allocators.ts";
import { randomUniform } from "../../numeric/draws.ts";
import { enlarging } from "../decoder-sizes.ts";
import type { StoredDecoder } from "../distilled-set.ts";
import type { MemoryImages } from "../image-options.ts";
import { rowsOfSet, writeTensor } from "../tensor-rows.ts";
import type { Adjoint, Decoder, DecoderParts, DecoderTensor } from "./decoder.ts";

export class Memories implements Decoder {
  readonly tensors: readonly [bases: DecoderTensor, coefficients: DecoderTensor];
  readonly #options: MemoryImages;
  readonly #parts: DecoderParts;
  readonly #resize: Resize2dShape;
  readonly #product: LinearShape;
  /** B·A of all blocks, [blocks][f, lanes]. */
  readonly #small: Buffer;

  constructor(options: MemoryImages, parts: DecoderParts) {
    const { images, shape, memory } = parts;
    const { blocks, lanes } = images.packing;
    this.#options = options;
    this.#parts = parts;
    this.#resize = enlarging(shape, options.scale, images.packing);
    const { inHeight, inWidth } = this.#resize;
    this.#product = { inFeatures: options.bases, outFeatures: shape[0] * inHeight * inWidth, lanes };
    const { inFeatures, outFeatures } = this.#product;
    const bases = { name: "bases", called: "bases", floats: outFeatures * inFeatures };
    const coefficients = { name: "coefficients", called: "coefficients", floats: blocks * inFeatures * lanes };
    this.tensors = [
      { ...bases, value: memory.gradients.allocate(bases.floats) },
      {
        ...{ ...coefficients, value: memory.gradients.allocate(coefficients.floats) },
        packing: { ...images.packing, features: inFeatures },
      },
    ];
    this.#small = memory.scratch.allocate(this.#smallFloats);
  }

  start(staging: Buffer): void {
    const { images, backend, key, classes } = this.#parts;
    const [bases, coefficients] = this.tensors;
    const { blocks, images: perBlock } = images.packing;
    const count = blocks * perBlock;
    const { inFeatures, outFeatures } = this.#product;
    const noise = (purpose: string, n: number, fans: number): Float32Array => {
      const bound = Math.sqrt(6 / fans);
      return randomUniform(key(purpose), n, -bound, bound);
    };
    const weights = noise("decoder/coefficients", count * inFeatures, count + inFeatures);
    if (this.#options.start === "noise") {
      const values = noise("decoder/bases", outFeatures * inFeatures, outFeatures + inFeatures);
      write(backend, bases.value, values);
    } else {
      const chosen = basesOf({ blocks, perBlock, classes, bases: inFeatures });
      // A base is the sum of the images that have a weight for it: of one. So the adjoint of the product makes them all.
      writeTensor(backend, coefficients, chosen.sources, staging);
      this.#shrink();
      this.#ofBases(bases.value, this.#small);
      for (const [i, weight] of chosen.nearest.entries()) weights[i]! += weight;
    }
    writeTensor(backend, coefficients, weights, staging);
  }

  decode(): void {
    const { images, backend } = this.#parts;
    const [bases] = this.tensors;
    this.#eachBlock((small, coefficients) =>
      backend.ops.linearForward(
        this.#small + small,
        this.tensors[1].value + coefficients,
        bases.value,
        none,
        this.#product,
        false,
      ),
    );
    backend.ops.resize2dForward(images.value, this.#small, this.#resize);
  }

  adjoint({ gradients, scratch }: Allocators): Adjoint {
    const { ops } = this.#parts.backend;
    const [bases] = this.tensors;
    const [dBases, dCoefficients] = this.tensors.map(({ floats }) => gradients.allocate(floats)) as [Buffer, Buffer];
    const dSmall = scratch.allocate(this.#smallFloats);
    return {
      gradients: [dBases, dCoefficients],
      record: (dImages) => {
        ops.resize2dBackward(dSmall, dImages, this.#resize);
        this.#eachBlock((small, at) =>
          ops.linearBackwardData(dCoefficients + at, dSmall + small, bases.value, this.#product, false),
        );
        this.#ofBases(dBases, dSmall);
      },
    };
  }

  stored(rows: ReadonlyMap<string, Floats>): StoredDecoder {
    const { bases: count, scale } = this.#options;
    const columns = rows.get("bases")!;
    const { length } = columns;
    // Users hold base after base.
    const bases = Float32Array.from(
      { length },
      (_, i) => columns[(i % (length / count)) * count + Math.floor(i / (length / count))]!,
    );
    return { name: "memories", scale, bases, coefficients: rowsOfSet(rows.get("coefficients")!) };
  }

  get #smallFloats(): number {
    return this.#parts.images.packing.blocks * this.#product.outFeatures * this.#product.lanes;
  }

  /** Calls `record` for each block, with where it begins among the small images and among the coefficients. */
  #eachBlock(record: (small: number, coefficients: number, block: number) => void): void {
    const { inFeatures, outFeatures, lanes } = this.#product;
    for (let block = 0; block < this.#parts.images.packing.blocks; block++) {
      record(block * outFeatures * lanes, block * inFeatures * lanes, block);
    }
  }

  /** Records Σ_blocks (small images)·Aᵀ into `out`. */
  #ofBases(out: Buffer, small: Buffer): void {
    const { ops } = this.#parts.backend;
    const coefficients = this.tensors[1].value;
    this.#eachBlock((from, at, block) =>
      ops.linearBackwardWeights(out, small + from, coefficients + at, this.#product, block > 0),
    );
  }

  /** Records small copies of the images. */
  #shrink(): void {
    const { images, backend } = this.#parts;
    const { inHeight, inWidth, outHeight, outWidth } = this.#resize;
    const smaller = { inHeight: outHeight, inWidth: outWidth, outHeight: inHeight, outWidth: inWidth };
    backend.ops.resize2dForward(this.#small, images.value, { ...this.#resize, ...smaller });
  }
}

/** Weights of images, rows [blocks·perBlock, bases]. */
interface StartOfBases {
  /** 1 where a base is a small copy of the image. */
  readonly sources: Float32Array;
  /** 1 where an image begins as the base: one of its own class, if there is any. */
  readonly nearest: Float32Array;
}

/** Chooses images of all classes, as even as can be, as bases. The images of a block are class by class. */
export function basesOf({
  blocks,
  perBlock,
  classes,
  bases,
}: Readonly<Record<"blocks" | "perBlock" | "classes" | "bases", number>>): StartOfBases {
  const count = blocks * perBlock;
  const ofClass = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < perBlock; i++) {
    // The images of all blocks are taken in turn.
    for (let block = 0; block < blocks; block++)
      ofClass[Math.floor((i * classes) / perBlock)]!.push(block * perBlock + i);
  }
  const sources = new Float32Array(count * bases);
  const nearest = new Float32Array(count * bases);
  const basesOfClass = Array.from({ length: classes }, (): number[] => []);
  for (let j = 0; j < bases; j++) {
    const label = Math.floor((j * classes) / bases);
    const own = ofClass[label]!;
    const image = own[basesOfClass[label]!.length % Math.max(1, own.length)] ?? j % count;
    sources[image * bases + j] = 1;
    basesOfClass[label]!.push(j);
  }
  for (const [label, images] of ofClass.entries()) {
    const own = basesOfClass[label]!;
    if (own.length > 0) for (const [i, image] of images.entries()) nearest[image * bases + own[i % own.length]!] = 1;
  }
  return { sources, nearest };
}
