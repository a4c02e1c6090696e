// Recognises what torch.save writes. Since PyTorch 1.6 it is a zip archive, which torch-archive.ts reads. Before, it was a row of
// pickles without sizes, which is only recognised here, as every other bare pickle is, to say what to do.
import { FormatError } from "../errors.ts";
import { shortName } from "../quote.ts";

/** The names of an archive's first and last files are looked for within so many bytes of its ends. */
const nearEnds = 2 ** 12;

/**
 * Throws for a bare pickle, such as torch.save wrote before version 1.6.
 *
 * @throws FormatError with the line of Python that saves the content as a file that is read here.
 */
export function refusePickle(bytes: Uint8Array, file: string): void {
  if (!isPickle(bytes)) return;
  const name = shortName(file.split(/[\\/]/).at(-1)!, 60).replace(/["\\]/g, "?");
  const load = `torch.load("${name}", map_location="cpu", weights_only=True)`;
  throw new FormatError(
    `${file}: is a bare pickle, as torch.save wrote before PyTorch 1.6, which only Python can read. Save it again in ` +
      `Python by torch.save(${load}, "${name.replace(/\.[^.]*$/, "")}.new.pt")`,
  );
}

/**
 * Returns whether these bytes begin as a pickle of protocol 2 to 5. A .safetensors file whose header has, for example, 0x580 bytes
 * begins with the same two bytes: in it zeros and the brace of the header follow.
 */
export function isPickle(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x80 || !(bytes[1]! >= 2 && bytes[1]! <= 5)) return false;
  return bytes[8] !== 0x7b || bytes.subarray(4, 8).some((byte) => byte !== 0);
}

/** Returns whether these bytes are a zip archive in which a pickle of torch.save stands near an end. */
export function isTorchArchive(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return false;
  const ends = [bytes.subarray(0, nearEnds), bytes.subarray(-nearEnds)];
  return ends.some((part) => new TextDecoder("latin1").decode(part).includes("/data.pkl"));
}
