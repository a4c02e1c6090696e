// Bad folders of pictures: folders of classes, CIFAR-10 as JPEG files, and lists of CUB, with special files among them.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { filesInFolder } from "../../src/node/files.ts";
import { flatPng, jpegFile, png } from "../data/samples.ts";
import { ascii, concat, patched } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";
import { chunk } from "./png.ts";

/** Files by path: their bytes, where a link leads, or a pipe. */
type Folder = Readonly<Record<string, Uint8Array | { readonly link: string } | "pipe" | undefined>>;
type Bad = BadFile<Folder>;

const red = flatPng(2, 2, [255, 0, 0]);
const jpeg = jpegFile(2, 2);
const good: Folder = { "ants/1.png": red, "ants/2.png": red, "bees/1.png": red, "bees/2.jpg": jpeg };
const parts: Folder = { "train/a/1.png": red, "train/b/1.png": red, "test/a/1.png": red, "test/b/1.png": red };
const cifar: Folder = { "train/00000_6.jpg": jpeg, "train/00001_9.jpg": jpeg, "test/00000_3.jpg": jpeg };
const cub: Folder = {
  "images.txt": ascii("1 001.Jay/a.png\n2 001.Jay/b.png\n"),
  "image_class_labels.txt": ascii("1 1\n2 1\n"),
  "train_test_split.txt": ascii("1 1\n2 0\n"),
  "images/001.Jay/a.png": red,
  "images/001.Jay/b.png": red,
};

async function read(files: Folder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "distillate-set-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      const full = join(folder, path);
      mkdirSync(dirname(full), { recursive: true });
      if (content === "pipe") spawnSync("mkfifo", [full]);
      else if (content instanceof Uint8Array) writeFileSync(full, content);
      else if (content) symlinkSync(content.link, full);
    }
    await datasetFromFiles(await filesInFolder(folder), { source: folder, size: 2 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const picture = (
  what: string,
  says: string,
  content: Uint8Array | { readonly link: string } | "pipe",
  name = "3.png",
): Bad => [`a picture: ${what}`, `/ants/${name}: ${says}`, { ...good, [`ants/${name}`]: content }];
const whole = (what: string, says: string, files: Folder): Bad => [what, says, files];
const list = (name: string, what: string, says: string, text: string): Bad => [
  `${name}: ${what}`,
  `${name}.txt: ${says}`,
  { ...cub, [`${name}.txt`]: new TextEncoder().encode(text) },
];
const images = (what: string, says: string, path: string): Bad =>
  list("images", what, says, `1 001.Jay/a.png\n2 ${path}\n`);
const isNoPicture = "expected a PNG (89 50 4e 47) or JPEG (ff d8) at byte 0";
const pathInList = "expected a new number and a path class/image in line 2";
const unknown = "expected a data set:";

const bad: readonly Bad[] = [
  whole("nothing", `found no files; ${unknown}`, {}),
  whole("hidden files alone", `found no files; ${unknown}`, { ".git/HEAD": ascii("x"), "__MACOSX/a/1.png": red }),
  whole("texts alone", `found "notes.txt"; ${unknown}`, { "notes.txt": ascii("x") }),
  whole("a name that controls a terminal", 'found "\\u001b[2J\\u202e\\u2028.txt"', {
    "\u001b[2J\u202e\u2028.txt": ascii("x"),
  }),
  whole("a name of 250 letters", "aaa…", { [`${"a".repeat(250)}.md`]: ascii("x") }),
  whole("GIFs alone", "expected a data set", { "ants/1.gif": ascii("GIF89a"), "bees/1.gif": ascii("GIF89a") }),
  whole("one picture a class", "expected two pictures of some class, to test on one", {
    "ants/1.png": red,
    "bees/1.png": red,
  }),
  whole("a picture in no class", "/1.png: expected a picture in a folder of a class", { ...good, "1.png": red }),
  whole(
    "257 classes",
    "expected at most 256 classes, got 257",
    Object.fromEntries(Array.from({ length: 514 }, (_, i) => [`${i >> 1}/${i}.png`, red])),
  ),
  whole("a test class that is not trained", 'expected training images of every class, got none of "b"', {
    ...parts,
    "train/b/1.png": undefined,
  }),
  whole("two test folders", "expected only train/ and test/, got another folder", { ...parts, "val/a/1.png": red }),
  whole("another folder beside train and test", "/other/a/1.png: expected only train/ and test/", {
    ...parts,
    "other/a/1.png": red,
  }),
  whole("a picture of no class in train", "/train/1.png: expected a picture in a folder of a class", {
    ...parts,
    "train/1.png": red,
  }),
  picture("nothing", isNoPicture, new Uint8Array(0)),
  picture("a text", isNoPicture, ascii("a picture")),
  picture("a GIF under another name", isNoPicture, ascii("GIF89a......")),
  picture("markup", isNoPicture, ascii("<svg onload='alert(1)'/>")),
  picture("a pickle", isNoPicture, concat([0x80, 2], ascii("}q."))),
  picture("a PNG cut short", "expected", red.slice(0, 40)),
  picture("a PNG with a wrong CRC", "expected CRC", patched(red, 29, red[29]! ^ 1)),
  picture("a PNG of 65,535 pixels a side", "expected 1 to 16777216 pixels", bomb()),
  picture("a JPEG cut short", "expected a JPEG that goes on", jpeg.slice(0, -2), "3.jpg"),
  picture(
    "a JPEG of other sizes than it says",
    "expected",
    patched(jpeg, jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0) + 5, 0, 99),
    "3.jpg",
  ),
  whole("a damaged picture whose name controls a terminal", "/ants/\\u001b[2J\\u202e.png: expected a PNG", {
    ...good,
    "ants/\u001b[2J\u202e.png": ascii("x"),
  }),
  picture("a link to a device", "expected a regular file, got a device", { link: "/dev/zero" }),
  picture("a link to a password file", isNoPicture, { link: "/etc/passwd" }),
  picture("a pipe", "expected a regular file, got a named pipe (FIFO)", "pipe"),
  whole("a pipe beside the pictures", "/notes: expected a regular file, got a named pipe (FIFO)", {
    ...good,
    notes: "pipe",
  }),
  whole("CIFAR: a position left out", "/train/00002_9.jpg: expected position 1 next in train, got 00002", {
    ...cifar,
    "train/00001_9.jpg": undefined,
    "train/00002_9.jpg": jpeg,
  }),
  whole("CIFAR: a position twice", "expected position 2 next in train, got 00001", {
    ...cifar,
    "train/00001_3.jpg": jpeg,
  }),
  whole("CIFAR: a damaged picture", `/train/00000_6.jpg: ${isNoPicture}`, {
    ...cifar,
    "train/00000_6.jpg": ascii("x"),
  }),
  whole("CUB: no list of images", ": expected images.txt, but it is missing", { ...cub, "images.txt": undefined }),
  whole("CUB: no list of parts", ": expected train_test_split.txt, but it is missing", {
    ...cub,
    "train_test_split.txt": undefined,
  }),
  whole("CUB: a picture that is missing", ": expected images/001.Jay/b.png, but it is missing", {
    ...cub,
    "images/001.Jay/b.png": undefined,
  }),
  whole("CUB: an empty list of images", "train_test_split.txt: expected images of both parts, got one part", {
    ...cub,
    "images.txt": ascii("\n"),
  }),
  list(
    "images",
    "too many lines",
    "expected at most 5 lines, one for each file in line 6",
    Array.from({ length: 9 }, (_, i) => `${i} 001.Jay/a.png\n`).join(""),
  ),
  list("images", "a line of 9,000 bytes", "expected at most 8192 bytes in line 1", `1 ${"a".repeat(9000)}/x`),
  list("images", "a number twice", pathInList, "1 001.Jay/a.png\n1 001.Jay/b.png\n"),
  list("images", "a number that is none", pathInList, "1 001.Jay/a.png\nx 001.Jay/b.png\n"),
  list("images", "a negative number", pathInList, "1 001.Jay/a.png\n-2 001.Jay/b.png\n"),
  list("images", "a number of 10 digits", pathInList, "1 001.Jay/a.png\n9999999999 001.Jay/b.png\n"),
  list("images", "a third field", pathInList, "1 001.Jay/a.png\n2 001.Jay/b.png x\n"),
  images("a path without a class", pathInList, "b.png"),
  images("a path twice", 'expected each path once, got "001.Jay/a.png" again', "001.Jay/a.png"),
  images("a path that is absolute", pathInList, "/etc/passwd"),
  whole("CUB: a path that leads up", "got 1 for ../../../../etc/passwd", {
    ...cub,
    "images.txt": ascii("1 001.Jay/a.png\n2 ../../../../etc/passwd\n"),
  }),
  whole("CUB: a path that leads up from a class", "001.Jay/../../../../etc/passwd, but it is missing", {
    ...cub,
    "images.txt": ascii("1 001.Jay/a.png\n2 001.Jay/../../../../etc/passwd\n"),
  }),
  whole("CUB: a path that controls a terminal", "001.Jay/\\u001b[2J, but it is missing", {
    ...cub,
    "images.txt": ascii("1 001.Jay/a.png\n2 001.Jay/\u001b[2J\n"),
  }),
  list("image_class_labels", "class 0", "expected a new number and a class from 1 on in line 2", "1 1\n2 0\n"),
  list("image_class_labels", "class 1000", "expected a new number and a class from 1 on in line 2", "1 1\n2 1000\n"),
  list("image_class_labels", "class 999", "expected a class up to 256 with one folder", "1 1\n2 999\n"),
  whole("CUB: a class without images", "images.txt: expected images of class 2, got none", {
    ...cub,
    "image_class_labels.txt": ascii("1 1\n2 3\n"),
  }),
  list("image_class_labels", "half a class", "expected a new number and a class from 1 on", "1 1\n2 1.5\n"),
  list("image_class_labels", "a number too few", "expected a line for image 2, got none", "1 1\n"),
  list("train_test_split", "a part 2", "expected a new number and 0 or 1 in line 2", "1 1\n2 2\n"),
  list("train_test_split", "a part in words", "expected a new number and 0 or 1 in line 2", "1 1\n2 yes\n"),
  list("train_test_split", "one part", "expected images of both parts, got one part", "1 1\n2 1\n"),
];

/** A PNG that claims 65,535 × 65,535 pixels, its checksum put right. */
function bomb(): Uint8Array {
  const small = png({ width: 1, height: 1, channels: 1, data: Uint8Array.of(7) });
  const header = chunk("IHDR", [0, 0, 255, 255, 0, 0, 255, 255, ...small.subarray(24, 29)]);
  return concat(small.subarray(0, 8), header, small.subarray(33));
}

export const classFolders = table<Folder>({
  format: "class folders",
  names: /distillate-set-\w+(\/[^:]+)?: /,
  read,
  good: [good, parts, cifar, cub],
  bad,
});
