// Reads the files of the digits in Node, from the package's folder `assets` (digit-files.page.ts does it in pages).
import { UnsupportedError } from "../../errors.ts";
import { nodeModule } from "../../platform/platform.ts";

export interface DigitFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** Throws UnsupportedError when a bundle has lost the files. */
export async function digitFiles(): Promise<DigitFiles> {
  const { readFile } = nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
  for (const folder of folders()) {
    const read = (name: string): Promise<Uint8Array> => readFile(new URL(name, folder));
    try {
      const [images, labels] = await Promise.all([read("digits-images.idx3.gz"), read("digits-labels.idx1.gz")]);
      return { images, labels };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new UnsupportedError(
    "the files of digits() were not found: bundlers do not take them along, so leave distillate out of the bundle " +
      "(mark it as external) or run the bundle where distillate is installed in node_modules",
  );
}

/** Yields where the files may be: beside this code, or in the installed package when this code was bundled. */
function* folders(): Generator<URL> {
  // The URL has a name of its own, because bundlers rewrite `new URL(…, import.meta.url)`. CommonJS bundles have no such URL.
  const here: string | undefined = import.meta.url;
  if (here?.startsWith("file:")) yield new URL("../../assets/", here);
  const { createRequire } = nodeModule<typeof import("node:module")>("node:module");
  const { pathToFileURL } = nodeModule<typeof import("node:url")>("node:url");
  const { cwd } = nodeModule<typeof import("node:process")>("node:process");
  for (const from of [here, pathToFileURL(`${cwd()}/bundle.js`)]) {
    try {
      const manifest = createRequire(from!).resolve("distillate/package.json");
      yield new URL("assets/", pathToFileURL(manifest));
    } catch {
      // The package is not installed there.
    }
  }
}
