// A state_dict in a file of torch.save: the dictionary itself, or beside other values as trainers save it.
import type { NumericArray } from "../codecs/npy.ts";
import { kindOf, type Pickled, PickledMap } from "../codecs/pickled.ts";
import { parseTorchArchive, TorchTensor } from "../codecs/torch-archive.ts";
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";

/** Under which keys programs save a state_dict beside an epoch, an accuracy or an optimiser's state. */
const usualKeys: readonly string[] = ["state_dict", "model_state_dict", "model", "net"];

/**
 * Reads the tensors of a state_dict by name, in the order of the file.
 *
 * @throws FormatError as `parseTorchArchive` does, and for a file that holds something else.
 */
export async function tensorsFromTorch(
  bytes: Uint8Array,
  { name }: { readonly name: string },
): Promise<Map<string, NumericArray>> {
  const tensors = new Map<string, NumericArray>();
  for (const [key, value] of stateDictOf(await parseTorchArchive(bytes, { name }), name)) {
    if (!(value instanceof TorchTensor)) {
      throw new FormatError(`${name}: expected a tensor at ${quote(key)} of the state_dict, got ${kindOf(value)}`);
    }
    tensors.set(String(key), await value.read());
  }
  return tensors;
}

function stateDictOf(value: Pickled, name: string): PickledMap {
  if (!(value instanceof PickledMap)) {
    throw new FormatError(
      `${name}: expected a state_dict, as torch.save(net.state_dict(), file), got ${kindOf(value)}`,
    );
  }
  if ([...value.values()].some((inner) => inner instanceof TorchTensor)) return value;
  const found = usualKeys.map((key) => value.get(key)).find((inner) => inner instanceof PickledMap);
  if (found) return found;
  const keys = quote([...value.keys()]);
  throw new FormatError(`${name}: expected a state_dict, or one at ${usualKeys.join(", ")}, got keys ${keys}`);
}
