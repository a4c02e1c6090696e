// Where the values of the passes lie. A `Tape` holds what forward and backward leave for one batch and one θ; a
// `Tangent` the same for the R-passes. Both are allocated once and filled over and over.
import type { Allocator } from "../backend/arena.ts";
import { type Buffer, none, nowhere, type OptionalBuffer } from "../backend/backend.ts";
import { type BoundLayer, elements, type LayerTangent, type LayerTape } from "./layer.ts";
import type { Model } from "./model.ts";

/** Primal values of one pass over one batch of `batch` lanes. */
export interface Tape {
  readonly layers: readonly LayerTape[];
  /** How many lanes hold images; the last forward pass says. */
  readonly lanes: { real: number };
  /** [c, h, w, B] */
  readonly images: Buffer;
  /** [classes, B]: one-hot or soft */
  readonly targets: Buffer;
  /** [classes, B] */
  readonly logits: Buffer;
  /** softmax(logits), where the loss is cross-entropy */
  readonly probabilities: Buffer;
  /** Each image's loss, [B] */
  readonly losses: Buffer;
  /** ∂ℓ/∂logits [classes, B] */
  readonly dLogits: Buffer;
  /** ∂ℓ/∂images [c, h, w, B], none unless asked for */
  readonly dImages: OptionalBuffer;
  /** ∂ℓ/∂targets [classes, B], none unless asked for */
  readonly dTargets: OptionalBuffer;
}

/** Tangents of a pass along a direction in weight space; images and targets stand still. */
export interface Tangent {
  readonly layers: readonly LayerTangent[];
  readonly logits: Buffer;
  readonly dLogits: Buffer;
  readonly dImages: OptionalBuffer;
  readonly dTargets: OptionalBuffer;
}

/** Whose gradients a tape or tangent has room for, beside those of the weights. */
export interface Wanted {
  readonly images: boolean;
  readonly targets: boolean;
}

/**
 * Whether the value between layers i and i + 1 is done with when layer i + 1 has read it. All of them have one place, so
 * that of two in a row the second does not count.
 */
function passes(layers: readonly BoundLayer[], i: number): boolean {
  const [layer, next] = [layers[i], layers[i + 1]];
  if (!layer || !next?.forgetsInput || next.inPlace) return false;
  return !layer.inPlace && !layer.view && !layer.keepsOutput && !passes(layers, i - 1);
}

/** Floats of the largest of those values, which share one place. */
export function passingFloats({ shapes }: Model, layers: readonly BoundLayer[], batch: number): number {
  return layers.reduce(
    (most, _, i) => (passes(layers, i) ? Math.max(most, elements(shapes[i + 1]!) * batch) : most),
    0,
  );
}

/** Given images and targets, room for everything that forward and backward leave. */
export function allocateTape(
  model: Model,
  layers: readonly BoundLayer[],
  batch: number,
  allocator: Allocator,
  { images, targets, passing, wanted }: { images: Buffer; targets: Buffer; passing: Buffer; wanted: Wanted },
): Tape {
  const classes = model.classes * batch;
  const lanes = { real: batch };
  const values = chain(model, layers, batch, allocator, { input: images, first: 0, passing });
  const { gradients, dLogits } = chainBack(model, layers, batch, allocator, wanted.images);
  return {
    layers: layers.map((layer, i) => ({
      x: values[i]!,
      y: values[i + 1]!,
      saved: layer.savedFloats ? allocator.allocate(layer.savedFloats) : nowhere,
      dx: gradients[i],
      dy: gradients[i + 1],
      lanes,
    })),
    lanes,
    images,
    targets,
    logits: values.at(-1)!,
    probabilities: allocator.allocate(classes),
    losses: allocator.allocate(batch),
    dLogits,
    dImages: gradients[0],
    dTargets: wanted.targets ? allocator.allocate(classes) : none,
  };
}

/** The same tape over other images and targets: every buffer but the input is shared. */
export function tapeOver(tape: Tape, images: Buffer, targets: Buffer): Tape {
  const moved = (buffer: Buffer): Buffer => (buffer === tape.images ? images : buffer);
  const layers = tape.layers.map((layer) => ({ ...layer, x: moved(layer.x), y: moved(layer.y) }));
  return { ...tape, layers, images, targets };
}

/** The first layer with weights, or the number of layers where none has any. */
export function firstWeights({ layers, shapes }: Model): number {
  const first = layers.findIndex((layer, i) => layer.parameters(shapes[i]!).length > 0);
  return first === -1 ? layers.length : first;
}

/** Room for the tangents of such a tape. */
export function allocateTangent(
  model: Model,
  layers: readonly BoundLayer[],
  batch: number,
  allocator: Allocator,
  { passing, wanted }: { passing: Buffer; wanted: Wanted },
): Tangent {
  const values = chain(model, layers, batch, allocator, { input: none, first: firstWeights(model), passing });
  const { gradients, dLogits } = chainBack(model, layers, batch, allocator, wanted.images, passing);
  return {
    layers: layers.map((layer, i) => ({
      rx: values[i],
      ry: values[i + 1],
      saved: layer.savedFloats && values[i] !== none ? allocator.allocate(layer.savedFloats) : nowhere,
      rdx: gradients[i],
      rdy: gradients[i + 1],
    })),
    // Zero where no layer has weights, but there.
    logits: values.at(-1) ?? allocator.allocate(model.classes * batch),
    dLogits,
    dImages: gradients[0],
    dTargets: wanted.targets ? allocator.allocate(model.classes * batch) : none,
  };
}

/** Values between the layers: the input up to where layer `first` reads it, and from there on what each layer gives. */
function chain<Input extends OptionalBuffer>(
  model: Model,
  layers: readonly BoundLayer[],
  batch: number,
  allocator: Allocator,
  { input, first, passing }: { input: Input; first: number; passing: Buffer },
): (Input | Buffer)[] {
  const values: (Input | Buffer)[] = [input];
  // Whether the last of them must stay as it is: the input, which belongs to the caller, or what its layer reads again.
  let kept = true;
  layers.forEach((layer, i) => {
    const reuse = i < first || layer.view || (layer.inPlace && !kept);
    const own = () => (passes(layers, i) ? passing : allocator.allocate(elements(model.shapes[i + 1]!) * batch));
    values.push(reuse ? values[i]! : own());
    if (!layer.view) kept = layer.keepsOutput ?? false;
  });
  return values;
}

/**
 * Gradients between the layers, from the logits back; the first one only if it is wanted. Those of a tape are read again by
 * the R-pass, their tangents are not: given `passing`, they are there where the values are.
 */
function chainBack(
  model: Model,
  layers: readonly BoundLayer[],
  batch: number,
  allocator: Allocator,
  wanted: boolean,
  passing?: Buffer,
): { gradients: OptionalBuffer[]; dLogits: Buffer } {
  const dLogits = allocator.allocate(model.classes * batch);
  const gradients = new Array<OptionalBuffer>(layers.length + 1).fill(none);
  gradients[layers.length] = dLogits;
  // Below the first layer with weights nobody needs a gradient, unless the images' is wanted.
  const last = wanted ? 0 : firstWeights(model) + 1;
  for (let i = layers.length - 1; i >= last; i--) {
    const dy = gradients[i + 1]!;
    // ∂ℓ/∂logits is read after the sweep: only a view may share its place.
    const reuse = layers[i]!.view || (layers[i]!.inPlace && dy !== dLogits);
    if (reuse && !layers[i]!.keepsGradient) gradients[i] = dy;
    else if (passing !== undefined && passes(layers, i - 1)) gradients[i] = passing;
    else gradients[i] = allocator.allocate(elements(model.shapes[i]!) * batch);
  }
  return { gradients, dLogits };
}
