// Bad idx files of images, read beside a good file of labels, and bad files of labels beside good images.
import { gzipSync } from "node:zlib";
import { loadIdx } from "../../src/data/layouts/idx.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, big, table } from "./bad-files.ts";

/** One of the two files; the other one is good. */
type Either = { readonly images: Uint8Array } | { readonly labels: Uint8Array };
type Bad = BadFile<Either>;

/** An idx file; `rank` and `type` can be made to lie. */
function idx(dimensions: readonly number[], values: ArrayLike<number>, { type = 8, rank = dimensions.length } = {}) {
  return concat(
    [0, 0, type, rank],
    dimensions.flatMap((size) => big(size)),
    values,
  );
}

const counted = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 251);
const good = { images: idx([3, 4, 5], counted(60)), labels: idx([3], [2, 0, 1]) };
const max = 2 ** 32 - 1;

const image = (what: string, says: string, images: Uint8Array): Bad => [`images: ${what}`, says, { images }];
const label = (what: string, says: string, labels: Uint8Array): Bad => [`labels: ${what}`, says, { labels }];
const cut = (n: number, says: string): Bad => image(`cut to ${n}`, says, good.images.slice(0, n));
const sized = (what: string, dimensions: number[]): Bad =>
  image(what, "expected at most 2147483648 values", idx(dimensions, []));
const shape = "expected [count, height, width] or [count, channels, height, width], none of them 0";
const values = "expected 3×4×5 values up to byte 76";

const bad: readonly Bad[] = [
  ...[0, 1, 2, 3].map((n) => cut(n, `expected the 4-byte magic of an idx file at byte ${n}`)),
  ...[4, 7, 8, 12, 15].map((n) => cut(n, `expected a header of 16 bytes at byte ${n}`)),
  ...[16, 17, 75].map((n) => cut(n, `${values}, got a file of ${n} bytes`)),
  image("one byte too many", `${values}, got a file of 77 bytes`, concat(good.images, [0])),
  image("the file twice", values, concat(good.images, good.images)),
  image("first byte of the magic", "expected two zero bytes at byte 0", patched(good.images, 0, 1)),
  image("second byte of the magic", "expected two zero bytes at byte 0, got 0x1", patched(good.images, 1, 1)),
  ...[0, 7, 9, 11, 12, 13, 14, 255].map((type) =>
    image(`type ${type}`, "expected type 0x08 (unsigned byte) at byte 2", idx([3, 4, 5], counted(60), { type })),
  ),
  image("no dimensions", "expected 1 to 4 dimensions at byte 3, got 0", idx([], [], { rank: 0 })),
  image("no dimensions, one value", "expected 1 to 4 dimensions at byte 3", idx([], [1], { rank: 0 })),
  image("5 dimensions", "expected 1 to 4 dimensions at byte 3, got 5", idx([1, 1, 1, 1, 1], [1])),
  image("255 dimensions", "expected 1 to 4 dimensions at byte 3, got 255", idx([1], [1], { rank: 255 })),
  image("more dimensions than there are", "expected a header of 20 bytes", idx([3, 4, 5], [], { rank: 4 })),
  image("one dimension", shape, idx([3], [1, 2, 3])),
  image("two dimensions", shape, idx([3, 4], counted(12))),
  image("no images", shape, idx([0, 28, 28], [])),
  image("images of no rows", shape, idx([3, 0, 28], [])),
  image("images of no channels", shape, idx([3, 0, 28, 28], [])),
  image("one image too many stated", "expected 4×4×5 values", patched(good.images, 7, 4)),
  image("one image too few stated", "expected 2×4×5 values", patched(good.images, 7, 2)),
  sized("2^31 + 1 values", [2 ** 31 + 1]),
  sized("2^32 - 1 values", [max]),
  sized("a product of 2^64 that wraps to 0", [65536, 65536, 65536, 65536]),
  sized("a product above 2^53", [max, max, max]),
  sized("a product of 2^128", [max, max, max, max]),
  sized("an absurd size hidden by a 0 before it", [0, max, max]),
  sized("an absurd size hidden by a 0 after it", [max, max, 0]),
  image("sizes with the least significant byte first", "values", idx([3 << 24, 4 << 24, 5 << 24], counted(60))),
  image("a text", "expected two zero bytes", ascii("label,pixel0,pixel1")),
  image("a gzip cut short", "gzip", gzipSync(good.images).subarray(0, 30)),
  image(
    "a gzip of more than its header says",
    "expected at most 76 bytes",
    gzipSync(concat(good.images, new Uint8Array(9999))),
  ),
  image("a gzip of less than its header says", values, gzipSync(good.images.slice(0, -1))),
  image("gzipped twice", "expected two zero bytes", gzipSync(gzipSync(good.images))),
  image("one image more than labels", "expected one label for each of the 4 images", idx([4, 4, 5], counted(80))),
  label("nothing", "expected the 4-byte magic", new Uint8Array(0)),
  label("the images", "expected one label for each of the 3 images", good.images),
  label("one too few", "expected one label for each of the 3 images", idx([2], [0, 1])),
  label("one too many", "expected one label for each of the 3 images", idx([4], [0, 1, 0, 1])),
  label("none", "expected one label for each of the 3 images", idx([0], [])),
  label("two dimensions", "got dimensions [3, 1]", idx([3, 1], [0, 1, 2])),
  label("a size that lies", "expected 3 values up to byte 11", idx([3], [0, 1])),
  label("a class of none", "expected labels below 3, got 3 at byte 9", idx([3], [0, 3, 1])),
  label("class 255", "expected labels below 3, got 255 at byte 10", idx([3], [0, 1, 255])),
  label("floats", "expected type 0x08 (unsigned byte)", idx([3], new Uint8Array(12), { type: 13 })),
];

export const idxFiles = table<Either>({
  format: "idx",
  read: (file) => loadIdx({ ...good, ...file, imagesName: fileName, labelsName: fileName, classes: 3 }),
  good: [{ images: good.images }, { labels: gzipSync(good.labels) }, { images: idx([3, 1, 4, 5], counted(60)) }],
  bad,
});
