// Loads the files of the digits in pages, as modules that are imported on demand. Every bundler can load a module; only some
// find files beside the code.
import type { DigitFiles } from "./digit-files.ts";

export async function digitFiles(): Promise<DigitFiles> {
  const [images, labels] = await Promise.all([
    import("../../../assets/digits-images.idx3.gz"),
    import("../../../assets/digits-labels.idx1.gz"),
  ]);
  return { images: images.default, labels: labels.default };
}
