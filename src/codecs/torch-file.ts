// torch.save writes .pt and .pth files as pickles, alone or in a zip archive. To read a pickle is to run a program, so such
// a file is only recognised here, to say what to do.
import { FormatError } from "../errors.ts";
import { shortName } from "../quote.ts";

/** The names of an archive's first and last files are looked for within so many bytes of its ends. */
const nearEnds = 2 ** 12;

/**
 * Throws for a file that torch.save wrote, and for any other pickle.
 *
 * @throws FormatError with the line of Python that saves the content as .safetensors.
 */
export function refuseTorchFile(bytes: Uint8Array, file: string): void {
  if (!isPickle(bytes) && !isTorchArchive(bytes)) return;
  const name = shortName(file.split(/[\\/]/).at(-1)!, 60).replace(/["\\]/g, "?");
  const target = `${name.replace(/\.[^.]*$/, "")}.safetensors`;
  const load = `torch.load("${name}", map_location="cpu", weights_only=True)`;
  throw new FormatError(
    `${file}: is a file of torch.save (a pickle, which only Python can read); .safetensors and .npz are read here. Save ` +
      `it in Python by safetensors.torch.save_file(${load}, "${target}"), with ["state_dict"] after the load where it ` +
      "holds more than that",
  );
}

/** Returns whether these bytes begin as a pickle of protocol 2 to 5. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
}

function isTorchArchive(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return false;
  const ends = [bytes.subarray(0, nearEnds), bytes.subarray(-nearEnds)];
  return ends.some((part) => new TextDecoder("latin1").decode(part).includes("/data.pkl"));
}
