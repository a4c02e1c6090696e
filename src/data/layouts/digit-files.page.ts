// The files of the digits, in pages: modules that are loaded when somebody asks for them. Every bundler knows how to load
// a module; files beside the code are found by some only.
import type { DigitFiles } from "./digit-files.ts";

export async function digitFiles(): Promise<DigitFiles> {
  const [images, labels] = await Promise.all([
    import("../../../assets/digits-images.idx3.gz"),
    import("../../../assets/digits-labels.idx1.gz"),
  ]);
  return { images: images.default, labels: labels.default };
}
