// NumPy's .npz: a zip archive of .npy files, which `numpy.load` opens as a dictionary of arrays.
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { type NumericArray, parseNpy, writeNpy } from "./npy.ts";
import { type ParseZipOptions, parseZip, writeZip } from "./zip.ts";

/** Writes an .npz of named arrays, without compression. The same arrays give the same bytes. */
export function writeNpz(arrays: Iterable<readonly [name: string, array: NumericArray]>): Uint8Array {
  return writeZip(Array.from(arrays, ([name, array]) => [`${name}.npy`, writeNpy(array)] as const));
}

/**
 * Opens an .npz, also one of `numpy.savez_compressed`, and returns its arrays by name. Each is parsed when it is asked for,
 * because there may be arrays that cannot be read here, such as text.
 *
 * @throws FormatError that names the file and the array.
 */
export async function openNpz(bytes: Uint8Array, options: ParseZipOptions): Promise<Map<string, () => NumericArray>> {
  const arrays = new Map<string, () => NumericArray>();
  for (const [entry, content] of await parseZip(bytes, options)) {
    const inner = `${options.name}: ${quote(entry)}`;
    if (!entry.endsWith(".npy")) throw new FormatError(`${inner}: expected only .npy files in an .npz`);
    arrays.set(entry.slice(0, -4), () => parseNpy(content, { name: inner }));
  }
  return arrays;
}

/** Reads all arrays of an .npz by name; throws as `openNpz` does. */
export async function parseNpz(bytes: Uint8Array, options: ParseZipOptions): Promise<Map<string, NumericArray>> {
  return new Map(Array.from(await openNpz(bytes, options), ([name, parse]) => [name, parse()] as const));
}
