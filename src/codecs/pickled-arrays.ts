// NumPy's numbers and arrays in a pickle, such as the accuracies beside distilled images: what `numpy.generic.__reduce__` and
// `numpy.ndarray.__reduce__` write (NEP 1 has the names of types). Only numbers are read; an array of objects is refused.
import { type ArrayData, copyNumbers, elementCount, type NumericArray, numberTypes } from "./npy.ts";
import { rowMajor } from "./permute.ts";
import { latin1Bytes, type PickledCall } from "./pickle.ts";
import { kindOf, type Pickled, PickledName, PickledObject, type Reading } from "./pickled.ts";

/** `numpy.dtype`: a type of numbers, and their byte order once its state is known. */
class NumberKind extends PickledObject {
  readonly Data: (typeof numberTypes)[number]["Data"];
  readonly isBool: boolean;
  bigEndian = false;

  constructor(code: string, { refuse }: Reading) {
    super();
    this.isBool = code === "b1";
    const type = numberTypes.find(({ numpy }) => numpy.slice(1) === (this.isBool ? "u1" : code));
    if (!type) throw refuse("a type of whole numbers or floats of NumPy", kindOf(code));
    this.Data = type.Data;
  }

  override build(state: Pickled, { refuse }: Reading): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== "<" && order !== ">" && order !== "|") throw refuse("a byte order of NumPy", kindOf(order));
    this.bigEndian = order === ">";
  }

  /** Copies `count` numbers, which must be all that the bytes hold. */
  numbers(bytes: Pickled | undefined, count: number, reading: Reading): ArrayData {
    const { refuse } = reading;
    // Protocol 2 has no bytes: what is empty or plain is text there.
    const content = typeof bytes === "string" ? latin1Bytes(bytes, reading) : bytes;
    if (!ArrayBuffer.isView(content)) throw refuse("the bytes of an array", kindOf(bytes));
    const size = count * this.Data.BYTES_PER_ELEMENT;
    if (content.byteLength !== size) throw refuse(`${size} bytes of ${count} numbers`, content.byteLength);
    reading.spend(size);
    return copyNumbers(this, content as Uint8Array, 0, size, this.bigEndian);
  }
}

/** `numpy.ndarray`, which is empty until its state is known. */
export class PickledArray extends PickledObject implements NumericArray {
  shape: readonly number[] = [0];
  data: ArrayData = new Float64Array(0);
  bool?: true;

  override build(state: Pickled, reading: Reading): void {
    const [, shape, kind, isFortran, bytes] = Array.isArray(state) ? (state as readonly Pickled[]) : [];
    this.fill(shape, kind, isFortran === true, bytes, reading);
  }

  fill(
    shape: Pickled | undefined,
    kind: Pickled | undefined,
    isFortran: boolean,
    bytes: Pickled | undefined,
    reading: Reading,
  ): void {
    const { refuse } = reading;
    const count = Array.isArray(shape) && shape.length <= 32 ? elementCount(shape as number[]) : undefined;
    if (count === undefined) throw refuse("the shape of an array, in all below 2^31", kindOf(shape));
    if (!(kind instanceof NumberKind)) throw refuse("the type of an array", kindOf(kind));
    const numbers = kind.numbers(bytes, count, reading);
    this.shape = shape as number[];
    this.data = isFortran ? rowMajor(numbers, this.shape) : numbers;
    if (kind.isBool) this.bool = true;
  }
}

const dtype: PickledCall = ([code], reading) => {
  if (typeof code !== "string") throw reading.refuse("the name of a type of numbers", kindOf(code));
  return new NumberKind(code, reading);
};

const scalar: PickledCall = ([kind, bytes], reading) => {
  if (!(kind instanceof NumberKind)) throw reading.refuse("the type of a number", kindOf(kind));
  const value = kind.numbers(bytes, 1, reading)[0]!;
  return kind.isBool ? value !== 0 : value;
};

const reconstruct: PickledCall = ([type], { refuse }) => {
  if (!(type instanceof PickledName) || type.name !== "numpy.ndarray") throw refuse("numpy.ndarray", kindOf(type));
  return new PickledArray();
};

/** How protocol 5 writes arrays that lie in one piece: (bytes, type, shape, order). */
const fromBuffer: PickledCall = ([bytes, kind, shape, order], reading) => {
  if (order !== "C" && order !== "F") throw reading.refuse("an array in order C or F", kindOf(order));
  const array = new PickledArray();
  array.fill(shape, kind, order === "F", bytes, reading);
  return array;
};

/** What NumPy's arrays call in a pickle; NumPy 2 has renamed its module. */
export const arrayCalls: ReadonlyMap<string, PickledCall> = new Map([
  ["numpy.dtype", dtype],
  ...["numpy.core", "numpy._core"].flatMap((module): [string, PickledCall][] => [
    [`${module}.multiarray.scalar`, scalar],
    [`${module}.multiarray._reconstruct`, reconstruct],
    [`${module}.numeric._frombuffer`, fromBuffer],
  ]),
]);
export const arrayValues: readonly string[] = ["numpy.ndarray"];
