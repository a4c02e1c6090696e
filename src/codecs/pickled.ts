// What a pickle holds, once it is read: plain values, and objects that the functions of a table made. It can be walked as a tree.
import type { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";

/** An object that a function of the table makes; each kind is a class of its own. */
export abstract class PickledObject {
  /** Gives the object its state, as BUILD does. */
  build(_state: Pickled, { refuse }: Reading): void {
    throw refuse("an object that has a state", "one that has none");
  }
}

/** A name of Python that stands for itself, such as a type of numbers. */
export class PickledName extends PickledObject {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}

/** A dictionary. */
export class PickledMap extends Map<string | number, Pickled> {}

/** Lists and tuples are arrays, and whole numbers beyond 2^53 bigints. */
export type Pickled =
  | (null | boolean | number | bigint | string | Uint8Array)
  | (readonly Pickled[] | PickledMap | PickledObject);

/** What reads a pickle, as the functions of a table see it. */
export interface Reading {
  /** Makes the error for what stands at the offset that is being read. */
  readonly refuse: (expected: string, got: unknown) => FormatError;
  /** Counts bytes that are copied, so that a value in the memo is not copied for ever. */
  spend(bytes: number): void;
}

/** Says what kind of value came, as Python calls it. */
export function kindOf(value: Pickled | undefined): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return "a list or tuple";
  if (value instanceof PickledMap) return "a dictionary";
  if (value instanceof PickledName) return `the name ${quote(value.name)}`;
  if (ArrayBuffer.isView(value)) return "bytes";
  return typeof value === "object" ? "an object" : quote(value);
}

/** The deepest value, and the largest number of values if each is counted wherever it stands. */
const maximumDepth = 64;
const maximumValues = 2 ** 20;

/** How large a value is when it is walked as a tree. */
interface Extent {
  readonly values: number;
  readonly depth: number;
}

/**
 * Throws what `refuse` makes for a value that holds itself, is too deep, or is too large when it is walked as a tree: the memo of a
 * pickle lets a value stand in many places, so that a few bytes could make a tree without an end.
 */
export function checkTree(root: Pickled, refuse: (inner: object, expected: string, got: string) => FormatError): void {
  // Each list is measured once, however often it stands somewhere; `undefined` is one that is being measured.
  const known = new Map<object, Extent | undefined>();
  const tooDeep = (inner: object): FormatError => refuse(inner, `at most ${maximumDepth} levels of lists`, "more");
  const measure = (value: Pickled, above: number): Extent => {
    const children = Array.isArray(value) ? value : value instanceof PickledMap ? value.values() : undefined;
    if (children === undefined) return { values: 1, depth: 0 };
    const container = value as object;
    if (known.has(container)) {
      const extent = known.get(container);
      if (extent === undefined) throw refuse(container, "no list or dictionary within itself", "one");
      if (above + extent.depth > maximumDepth) throw tooDeep(container);
      return extent;
    }
    if (above >= maximumDepth) throw tooDeep(container);
    known.set(container, undefined);
    let [values, depth] = [1, 0];
    for (const child of children as Iterable<Pickled>) {
      const inner = measure(child, above + 1);
      values += inner.values;
      depth = Math.max(depth, inner.depth);
      if (values > maximumValues) throw refuse(container, `at most ${maximumValues} values, repeated ones too`, "more");
    }
    const extent = { values, depth: depth + 1 };
    known.set(container, extent);
    return extent;
  };
  measure(root, 0);
}
