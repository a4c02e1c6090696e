// The files of the digits, in Node: beside the code (digit-files.page.ts has pages' way).
import { nodeModule } from "../platform.ts";

export interface DigitFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

export async function digitFiles(): Promise<DigitFiles> {
  const { readFile } = nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
  const read = (name: string): Promise<Uint8Array> => readFile(new URL(`../../assets/${name}`, import.meta.url));
  const [images, labels] = await Promise.all([read("digits-images.idx3.gz"), read("digits-labels.idx1.gz")]);
  return { images, labels };
}
