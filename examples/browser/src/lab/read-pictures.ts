// Reads the user's own files as a data set that the network can learn. It runs in the page's reader, not on its main thread.
import type { DatasetSplit } from "distillate";
import { type DataFile, datasetFromFiles, filesInArchive, type Raster, resized } from "distillate/data";
import { areArchives, inClasses, isHidden, isOtherLayout, learnable } from "./class-pictures.ts";
import { sides } from "./decode-picture.ts";
import { recognised } from "./known-sets.ts";
import { leftOutInWords, listed, type NamedLeftOut } from "./left-out.ts";
import { isMissingPart } from "./missing-part.ts";
import { formatByName, isPictureName } from "./picture-formats.ts";
import { decodeHere, type PictureDecoder } from "./picture-pool.ts";
import { thousands } from "./thousands.ts";
import { withoutEmptyClasses } from "./without-empty-classes.ts";

/** A data set, and notes about it for the user. */
export interface ReadPictures {
  readonly split: DatasetSplit;
  readonly notes: readonly string[];
}

type OnProgress = (done: number, total: number) => void;

/**
 * Reads pictures in folders of classes, idx files and other layouts, also in an archive. A picture that cannot be read is left
 * out, which a note says.
 */
export async function readPictures(
  files: readonly DataFile[],
  name: string,
  onProgress: OnProgress,
  decoder: PictureDecoder = decodeHere,
): Promise<ReadPictures> {
  const notes: string[] = [];
  const visible = files.filter(({ path }) => !isHidden(path));
  const within = areArchives(visible) ? await unpacked(visible) : visible;
  const pictures = isOtherLayout(within) ? [] : within.filter(({ path }) => isPictureName(path));
  const small = pictures.length > 0 ? await decodedAll(pictures, name, { onProgress, decoder, notes }) : undefined;
  const options = {
    name,
    size: small?.size ?? sides[1],
    onNotice: (notice: string) => notes.push(notice),
    ...(small
      ? { decode: ({ bytes }: DataFile) => small.rasters.get(bytes)! }
      : { onProgress: ({ done, total }: { done: number; total: number }) => onProgress(done, total) }),
  };
  const read = withoutEmptyClasses(await datasetFromFiles(small?.files ?? within, options), notes);
  const known = await recognised(read.train, [name, ...files.map(({ path }) => path)]);
  const { height, width } = read.train;
  const fits = height === width && sides.some((side) => side === height);
  const { train, test } = fits ? read : resized(read, sides[1]);
  return { split: { train: { ...train, ...known }, test: { ...test, ...known } }, notes };
}

async function unpacked(files: readonly DataFile[]): Promise<DataFile[]> {
  const members: DataFile[] = [];
  for (const { path, bytes } of files) {
    if (!/\.(tar|tar\.gz|tgz|zip)$/i.test(path)) continue;
    const source = typeof bytes === "function" ? await bytes() : bytes;
    for (const file of await filesInArchive(source, path)) if (!isHidden(file.path)) members.push(file);
  }
  return members;
}

/** The small pictures of a set, by the `bytes` of their files. */
interface SmallPictures {
  readonly files: readonly DataFile[];
  readonly rasters: ReadonlyMap<DataFile["bytes"], Raster>;
  readonly size: number;
}

interface How {
  readonly onProgress: OnProgress;
  readonly decoder: PictureDecoder;
  readonly notes: string[];
}

/** Decodes all pictures, several at once, and leaves out those that cannot be read. */
async function decodedAll(pictures: readonly DataFile[], name: string, how: How): Promise<SmallPictures> {
  const { inside, leftOut } = inClasses(pictures);
  if (inside.every(({ path }) => !path.includes("/"))) {
    throw new Error(
      `${name}: these pictures lie in no folders. A network learns to tell classes apart: put the pictures of each class ` +
        "into a folder that has its name, and give the folder around them, or a zip of it.",
    );
  }
  const rasters = new Map<DataFile["bytes"], Raster>();
  const byBrowser = new Map<string, number>();
  const faults: (NamedLeftOut | undefined)[] = [];
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < inside.length) {
      const place = next++;
      const { path, bytes } = inside[place]!;
      const picture = await read(inside[place]!, how.decoder);
      how.onProgress(++done, inside.length);
      if ("why" in picture) {
        faults[place] = { path, why: picture.why };
        continue;
      }
      rasters.set(bytes, picture.raster);
      if (picture.byBrowser) byBrowser.set(picture.byBrowser, (byBrowser.get(picture.byBrowser) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: how.decoder.atOnce }, work));
  const readable = inside.filter(({ bytes }) => rasters.has(bytes));
  const kept = learnable(readable);
  const all = [...leftOut, ...faults.filter((fault) => fault !== undefined), ...kept.leftOut];
  if (kept.inside.length === 0) throw new Error(`${name}: no picture can be read: ${listed(all)}.`);
  const words = leftOutInWords(all);
  if (words) how.notes.push(words);
  if (byBrowser.size > 0) {
    const formats = Array.from(byBrowser, ([format, n]) => `${thousands(n)} ${format}`).join(", ");
    how.notes.push(
      `This browser has decoded ${formats}: in another one the pixels, and so the images, may differ a little.`,
    );
  }
  const small = kept.inside.every(({ bytes }) => rasters.get(bytes)!.width === sides[0]);
  return { files: kept.inside.map(asPng), rasters, size: sides[small ? 0 : 1] };
}

async function read({ path, bytes }: DataFile, decoder: PictureDecoder): ReturnType<PictureDecoder["decode"]> {
  try {
    return await decoder.decode(typeof bytes === "function" ? await bytes() : bytes, path);
  } catch (error) {
    // That is no fault of the file.
    if (isMissingPart(error)) throw error;
    // A file of an archive may be damaged, and a file of a disk may be gone.
    const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    return { why: `cannot be opened (${reason})` };
  }
}

/** The library takes for a picture what is called .png or .jpg; the pixels are there already. */
function asPng(file: DataFile): DataFile {
  const other = formatByName(file.path) !== undefined || /\.jfif$/i.test(file.path);
  return other ? { ...file, path: `${file.path}.png` } : file;
}
