// Values of LeNet that PyTorch computed in float64. A user's clone lacks them.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const goldenPlace = fileURLToPath(new URL("../../shared/golden/lenet/", import.meta.url));
export const goldenPresent = existsSync(goldenPlace);

/** Returns the bytes of an array. */
export function golden(name: string): ArrayBuffer {
  const file = readFileSync(`${goldenPlace}lenet.${name}.bin`);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
}
