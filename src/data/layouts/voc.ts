// PASCAL VOC 2007 as a classification set, made as the paper does: each annotated object is cut out by its box.
import { checkOptions } from "../../checks/options.ts";
import { parseXml, type XmlElement } from "../../codecs/xml.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";
import type { DatasetSplit } from "../dataset.ts";
import type { Box, LabelledImage } from "../image-set.ts";
import type { ImageFolderOptions } from "../load-options.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { readSplit } from "./class-folders.ts";
import { filesBeside, type LabelledFiles, TextLines } from "./text-files.ts";

/** The twenty classes, in the order of their labels. */
const vocClasses: readonly string[] =
  "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor".split(
    " ",
  );

/** The most that `parseXml` takes, in UTF-8. */
const maximumXmlBytes = 2 ** 22;
/** Pictures of PASCAL VOC have some dozens at most. Each takes an image's memory, and time for its part of the picture. */
const mostObjects = 256;
const annotation = /^(.*\/)?Annotations\/[^/]+\.xml$/;

/** Returns whether some file is an annotation in VOC's layout. */
export function isVoc(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => annotation.test(path));
}

/**
 * Reads PASCAL VOC in the layout of 2007: `ImageSets/Main/trainval.txt` and `test.txt` (or `train.txt` and `val.txt`) name
 * images, `Annotations/NAME.xml` their objects, `JPEGImages/NAME.jpg` the pixels. Every object of the twenty classes becomes
 * an image, also a difficult or truncated one; its box is squashed to `size`, by default 224.
 *
 * @throws FormatError that names the file for a missing file, an unknown class, and a box that is invalid or leaves its image.
 * @example
 * const { train, test } = await loadVoc(await filesInArchive(bytes, "voc2007.tar"), { size: 64 });
 */
export async function loadVoc(files: readonly DataFile[], options: ImageFolderOptions = {}): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "voc2007", source = name, size = 224, fit = "squash" } = options;
  const set = filesBeside(files, annotation, source);
  const list = set.has("ImageSets/Main/test.txt") ? ["trainval", "test"] : ["train", "val"];
  const [train, test] = [await objects(set, list[0]!), await objects(set, list[1]!)];
  return readSplit(train, test, { name, classNames: vocClasses }, { ...options, size, fit });
}

async function objects(set: LabelledFiles, list: string): Promise<LabelledImage[]> {
  const images: LabelledImage[] = [];
  const names = set.get(`ImageSets/Main/${list}.txt`);
  const lines = await TextLines.of(names, set.size);
  const used = new Set<string>();
  for (let fields = lines.next(); fields !== undefined; fields = lines.next()) {
    const id = fields[0]!;
    if (fields.length !== 1 || !/^[\w-]{1,64}$/.test(id) || used.has(id)) {
      throw lines.bad("the name of an image that was not named before", fields.join(" "));
    }
    used.add(id);
    const file = set.get(`JPEGImages/${id}.jpg`);
    const xml = set.get(`Annotations/${id}.xml`);
    const root = parseXml(textOf(await readDataFile(xml, maximumXmlBytes), nameOf(xml)), nameOf(xml));
    const found = root.children.filter((child) => child.name === "object");
    if (found.length > mostObjects) {
      throw new FormatError(
        `${nameOf(xml)}: expected at most ${mostObjects} objects in a picture, got ${found.length}`,
      );
    }
    for (const object of found) images.push({ file, ...readObject(object, nameOf(xml)) });
  }
  if (images.length === 0) throw new FormatError(`${nameOf(names)}: expected images with objects, got none`);
  return images;
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${file}: expected XML in UTF-8, got other bytes`, { cause });
  }
}

function readObject(object: XmlElement, file: string): { readonly label: number; readonly box: Box } {
  const only = (parent: XmlElement, name: string): XmlElement => {
    const [child, another] = parent.children.filter((element) => element.name === name);
    if (child && !another) return child;
    throw new FormatError(
      `${file}: expected one <${name}> in <${parent.name}> at character ${parent.at}, got ${child ? "several" : "none"}`,
    );
  };
  const classElement = only(object, "name");
  const label = vocClasses.indexOf(classElement.text.trim());
  if (label < 0) {
    throw new FormatError(
      `${file}: expected one of VOC's classes at character ${classElement.at}, got ${quote(classElement.text.trim())}`,
    );
  }
  const bounds = only(object, "bndbox");
  // The first pixel is 1, and the last one is inside.
  const [xmin, ymin, xmax, ymax] = ["xmin", "ymin", "xmax", "ymax"].map((side) => {
    const { text, at } = only(bounds, side);
    const value = /^\s*\d{1,5}(\.\d{1,6})?\s*$/.test(text) ? Math.round(Number(text)) : 0;
    if (value < 1) throw new FormatError(`${file}: expected a pixel from 1 on at character ${at}, got ${quote(text)}`);
    return value;
  }) as [number, number, number, number];
  if (xmax < xmin || ymax < ymin) {
    throw new FormatError(
      `${file}: expected a box with a width and height at character ${bounds.at}, got ${xmin}, ${ymin} to ${xmax}, ${ymax}`,
    );
  }
  return { label, box: { left: xmin - 1, top: ymin - 1, right: xmax, bottom: ymax } };
}
