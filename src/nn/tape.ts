// Where the values of the passes lie. A `Tape` holds what forward and backward leave for one batch and one θ; a
// `Tangent` holds the same for the R-passes. Both are allocated once and filled over and over.
import type { Allocator } from "../backend/arena.ts";
import { type Buffer, none, nowhere, type OptionalBuffer } from "../backend/buffer.ts";
import { type BoundLayer, elements, type LayerTangent, type LayerTape, type Passes } from "./layer.ts";
import type { Model } from "./model.ts";

/** Primal values of one pass over one batch, in `lanes` lanes. */
export interface Tape {
  readonly layers: readonly LayerTape[];
  /** The number of lanes that hold images, set by the last forward pass. */
  readonly filled: { real: number };
  /** [c, h, w, B] */
  readonly images: Buffer;
  /** [classes, B]: one-hot or soft */
  readonly targets: Buffer;
  /** [classes, B] */
  readonly logits: Buffer;
  /** softmax(logits), if the loss is cross-entropy */
  readonly probabilities: Buffer;
  /** Each image's loss, [B] */
  readonly losses: Buffer;
  /** ∂ℓ/∂logits [classes, B] */
  readonly dLogits: Buffer;
  /** ∂ℓ/∂images [c, h, w, B]; `none` unless wanted */
  readonly dImages: OptionalBuffer;
  /** ∂ℓ/∂targets [classes, B]; `none` unless wanted */
  readonly dTargets: OptionalBuffer;
}

/** Tangents of a pass along a direction in weight space; images and targets do not move. */
export interface Tangent {
  readonly layers: readonly LayerTangent[];
  readonly logits: Buffer;
  readonly dLogits: Buffer;
  readonly dImages: OptionalBuffer;
  readonly dTargets: OptionalBuffer;
}

/** The gradients, beside those of the weights, for which a tape or tangent has room. */
export interface Wanted {
  readonly images: boolean;
  readonly targets: boolean;
}

/**
 * Returns whether the value between layers i and i + 1 is no longer needed once layer i + 1 has read it. All such values
 * share one place, so the second of two in a row is kept.
 */
function passes(layers: readonly BoundLayer[], i: number): boolean {
  const [layer, next] = [layers[i], layers[i + 1]];
  if (!layer || !next?.forgetsInput || next.inPlace) return false;
  return !layer.inPlace && !layer.view && !layer.keepsOutput && !passes(layers, i - 1);
}

/** Returns the floats of the largest of those values, which share one place. */
export function passingFloats({ shapes }: Model, layers: readonly BoundLayer[], lanes: number): number {
  return layers.reduce(
    (most, _, i) => (passes(layers, i) ? Math.max(most, elements(shapes[i + 1]!) * lanes) : most),
    0,
  );
}

/** The images and targets of a tape, and for what it has room. */
interface TapeOptions {
  readonly images: Buffer;
  readonly targets: Buffer;
  readonly passing: Buffer;
  readonly wanted: Wanted;
  readonly passes: Passes;
}

/** Of a tape that only goes forward. */
const noGradients: ReturnType<typeof chainBack> = { gradients: [], dLogits: nowhere };

/** Allocates room, for given images and targets, for everything that forward and backward leave. */
export function allocateTape(
  model: Model,
  layers: readonly BoundLayer[],
  lanes: number,
  allocator: Allocator,
  { images, targets, passing, wanted, passes }: TapeOptions,
): Tape {
  const classes = model.classes * lanes;
  const filled = { real: lanes };
  const values = chain(model, layers, lanes, allocator, { input: images, first: 0, passing });
  const { gradients, dLogits } =
    passes === "forward" ? noGradients : chainBack(model, layers, lanes, allocator, wanted.images);
  const ofLoss = (floats: number): Buffer => (passes === "all" ? allocator.allocate(floats) : nowhere);
  return {
    layers: layers.map((layer, i) => ({
      x: values[i]!,
      y: values[i + 1]!,
      saved: layer.savedFloats ? allocator.allocate(layer.savedFloats) : nowhere,
      dx: gradients[i],
      dy: gradients[i + 1],
      filled,
    })),
    filled,
    images,
    targets,
    logits: values.at(-1)!,
    probabilities: ofLoss(classes),
    losses: ofLoss(lanes),
    dLogits,
    dImages: gradients[0],
    dTargets: wanted.targets ? allocator.allocate(classes) : none,
  };
}

/** Returns the same tape over other images and targets: every buffer but the input is shared. */
export function tapeOver(tape: Tape, images: Buffer, targets: Buffer): Tape {
  const moved = (buffer: Buffer): Buffer => (buffer === tape.images ? images : buffer);
  const layers = tape.layers.map((layer) => ({ ...layer, x: moved(layer.x), y: moved(layer.y) }));
  return { ...tape, layers, images, targets };
}

/** Returns the first layer with weights, or the number of layers if none has weights. */
export function firstWeights({ layers, shapes }: Model): number {
  const first = layers.findIndex((layer, i) => layer.parameters(shapes[i]!).length > 0);
  return first === -1 ? layers.length : first;
}

function savesTangent({ savedFloats, savesNoTangent = false }: BoundLayer): boolean {
  return savedFloats > 0 && !savesNoTangent;
}

/** Allocates room for the tangents of such a tape. */
export function allocateTangent(
  model: Model,
  layers: readonly BoundLayer[],
  lanes: number,
  allocator: Allocator,
  { passing, wanted }: { passing: Buffer; wanted: Wanted },
): Tangent {
  const values = chain(model, layers, lanes, allocator, { input: none, first: firstWeights(model), passing });
  const { gradients, dLogits } = chainBack(model, layers, lanes, allocator, wanted.images, passing);
  return {
    layers: layers.map((layer, i) => ({
      rx: values[i],
      ry: values[i + 1],
      saved: savesTangent(layer) && values[i] !== none ? allocator.allocate(layer.savedFloats) : nowhere,
      rdx: gradients[i],
      rdy: gradients[i + 1],
    })),
    // It is zero if no layer has weights, but must exist.
    logits: values.at(-1) ?? allocator.allocate(model.classes * lanes),
    dLogits,
    dImages: gradients[0],
    dTargets: wanted.targets ? allocator.allocate(model.classes * lanes) : none,
  };
}

/** Places the values between the layers: the input until layer `first` reads it, from there on each layer's output. */
function chain<Input extends OptionalBuffer>(
  model: Model,
  layers: readonly BoundLayer[],
  lanes: number,
  allocator: Allocator,
  { input, first, passing }: { input: Input; first: number; passing: Buffer },
): (Input | Buffer)[] {
  const values: (Input | Buffer)[] = [input];
  // Set if the last value must stay: it is the input, which belongs to the caller, or its layer reads it again.
  let kept = true;
  layers.forEach((layer, i) => {
    const reuse = i < first || layer.view || (layer.inPlace && !kept);
    const own = () => (passes(layers, i) ? passing : allocator.allocate(elements(model.shapes[i + 1]!) * lanes));
    values.push(reuse ? values[i]! : own());
    if (!layer.view) kept = layer.keepsOutput ?? false;
  });
  return values;
}

/**
 * Places the gradients between the layers, from the logits back; the first one only if it is wanted. The R-pass reads a
 * tape's gradients again, but not their tangents: those lie in `passing`, if it is given, as the values do.
 */
function chainBack(
  model: Model,
  layers: readonly BoundLayer[],
  lanes: number,
  allocator: Allocator,
  wanted: boolean,
  passing?: Buffer,
): { gradients: OptionalBuffer[]; dLogits: Buffer } {
  const dLogits = allocator.allocate(model.classes * lanes);
  const gradients = new Array<OptionalBuffer>(layers.length + 1).fill(none);
  gradients[layers.length] = dLogits;
  // Gradients below the first layer with weights are needed only if the images' is wanted.
  const last = wanted ? 0 : firstWeights(model) + 1;
  for (let i = layers.length - 1; i >= last; i--) {
    const dy = gradients[i + 1]!;
    // ∂ℓ/∂logits is read after the sweep, so only a view may share its place.
    const reuse = layers[i]!.view || (layers[i]!.inPlace && dy !== dLogits);
    if (reuse && !layers[i]!.keepsGradient) gradients[i] = dy;
    else if (passing !== undefined && passes(layers, i - 1)) gradients[i] = passing;
    else gradients[i] = allocator.allocate(elements(model.shapes[i]!) * lanes);
  }
  return { gradients, dLogits };
}
