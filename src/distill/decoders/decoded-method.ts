// Any method whose images are made by a decoder: it learns the decoder's tensors in the place of its images, and the gradient of
// its images goes on through the adjoint. The method itself sees decoded images only (docs/math.md §14).
import type { Floats } from "../../backend/buffer.ts";
import type { Parts } from "../../platform/parts.ts";
import type { FormationImages, ImagesChoice, MemoryImages } from "../image-options.ts";
import { decoderChoice } from "../image-options.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../method.ts";
import { recorded } from "../networks.ts";
import type { Packing } from "../tensor.ts";
import type { Decoder, DecoderParts } from "./decoder.ts";
import { Formation } from "./formation.ts";
import { Memories } from "./memories.ts";

/** Returns a method that learns what `images` says in the place of the images; for pixels the method itself. */
export function withDecoder(method: Method, images: ImagesChoice | undefined): Method {
  const choice = decoderChoice(images);
  if (!choice) return method;
  const decoded: Method<never, DecodedRun> = {
    name: method.name,
    changesNoBit: method.changesNoBit,
    allocate: (context) => new DecodedRun(method.allocate(context), choice, context),
    network: (context, run) => decodedNetwork(method.network(context, run.inner), run, context),
  };
  return decoded as unknown as Method;
}

/** The decoded images, as the method names them. */
const imagesName = "images";

function decoderOf(choice: FormationImages | MemoryImages, parts: DecoderParts): Decoder {
  return choice.name === "formation" ? new Formation(choice, parts) : new Memories(choice, parts);
}

/** What a method learns, with the tensors of the decoder in the place of its images. */
class DecodedRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly derived: MethodRun["derived"];
  readonly after: MethodRun["after"];
  readonly inner: MethodRun;
  readonly decoder: Decoder;
  /** The place of the images among what the method itself learns. */
  readonly place: number;

  constructor(inner: MethodRun, choice: FormationImages | MemoryImages, context: MethodContext) {
    const { problem, backend, memory, tools } = context;
    this.inner = inner;
    this.place = inner.learned.findIndex(({ name }) => name === imagesName);
    const images = inner.learned[this.place];
    if (images?.packing === undefined || images.through) {
      throw new RangeError(
        `"images" expected pixels with this method, which learns no images of "tools.synthetic" as they are, got ${choice.name}`,
      );
    }
    const packing: Packing = images.packing;
    const { inputShape: shape, classes } = problem.model;
    const parts = {
      images: { ...images, packing },
      shape,
      classes,
      backend,
      memory,
      key: (purpose: string) => tools.key(purpose),
    };
    this.decoder = decoderOf(choice, parts);
    const { optimizer, learningRate } = images;
    const own = this.decoder.tensors.map((tensor) => ({ ...tensor, optimizer, learningRate }));
    this.learned = replaced(inner.learned, this.place, own);
    this.derived = { tensors: [images], compute: () => this.decoder.decode() };
    if (inner.after) this.after = (step: number) => inner.after!(step) as Parts;
  }

  get carried(): MethodRun["carried"] {
    return this.inner.carried;
  }

  get innerRate(): number | undefined {
    return this.inner.innerRate;
  }

  start(staging: number): void {
    this.inner.start(staging);
    this.decoder.start(staging);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    return { ...this.inner.set(rows), decoder: this.decoder.stored(rows) };
  }
}

/** Does what the network does, and then goes back through the decoder. */
function decodedNetwork(
  network: NetworkRun,
  { place, decoder }: DecodedRun,
  { memory }: MethodContext<never>,
): NetworkRun {
  const adjoint = decoder.adjoint(memory);
  const { loss, gradients } = network.share;
  return {
    share: { loss, gradients: replaced(gradients, place, adjoint.gradients) },
    *record(step: number, k: number): Parts {
      yield* recorded(network, step, k);
      adjoint.record(gradients[place]!);
    },
  };
}

/** Returns the list with others in the place of one. */
function replaced<T>(list: readonly T[], place: number, others: readonly T[]): readonly T[] {
  return [...list.slice(0, place), ...others, ...list.slice(place + 1)];
}
