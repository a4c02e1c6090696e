// The parts of zip64 that writers leave in archives which need none: PyTorch ends each of its files with a zip64 end record, and
// NumPy has sizes of 64 bits in its local headers. They are read only to see that they say what the plain fields say.

const endSignature = 0x06064b50;
const locatorSignature = 0x07064b50;
const endBytes = 56;
const locatorBytes = 20;

/** What the plain end record says of an archive. */
export interface PlainEnd {
  readonly count: number;
  /** The length of the directory, and where it starts. */
  readonly size: number;
  readonly at: number;
}

/**
 * Returns where the directory must end: at `end`, where the plain end record starts, or before the zip64 end record and its locator
 * if both stand there and agree with it.
 */
export function directoryEnd(view: DataView, end: number, plain: PlainEnd): number {
  const locator = end - locatorBytes;
  const wide = locator - endBytes;
  if (wide < 0 || view.getUint32(locator, true) !== locatorSignature) return end;
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const agrees =
    view.getUint32(wide, true) === endSignature &&
    u64(wide + 4) === endBytes - 12 &&
    u64(locator + 8) === wide &&
    // The numbers of the parts are 0; of the locator, which counts them, 0 and 1.
    view.getUint32(locator + 4, true) === 0 &&
    view.getUint32(locator + 16, true) === 1 &&
    u64(wide + 16) === 0 &&
    u64(wide + 24) === plain.count &&
    u64(wide + 32) === plain.count &&
    u64(wide + 40) === plain.size &&
    u64(wide + 48) === plain.at;
  return agrees ? wide : end;
}

/** Reads the sizes in a local header's zip64 field, if it has one. */
export function zip64Sizes(
  view: DataView,
  from: number,
  to: number,
): { readonly packed: number; readonly size: number } | undefined {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === 1 && view.getUint16(at + 2, true) >= 16 && at + 20 <= to) {
      return { size: Number(view.getBigUint64(at + 4, true)), packed: Number(view.getBigUint64(at + 12, true)) };
    }
  }
  return undefined;
}
