// The pixels of a whole set, against a hash that was computed apart from this code, of what Pillow reads.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { filesInArchive } from "../../src/data/layouts/archive.ts";
import { realFile } from "../data/samples.ts";

test("CIFAR-10's 10,000 JPEG test images, as records of label and planes, have the hash of Pillow's pixels", async (context) => {
  const archive = realFile("cifar10/cifar10-jpeg-test.tar.gz");
  context.skip(!archive, "needs ../shared/data/cifar10");
  const files = (await filesInArchive(archive!, "test.tar.gz")).sort((a, b) => (a.path < b.path ? -1 : 1));
  const hash = createHash("sha256");
  for (const { path, bytes } of files) {
    const { data } = await decodeImage(bytes as Uint8Array, { name: path });
    hash.update(Uint8Array.of(Number(/_(\d)\./.exec(path)![1])));
    for (const c of [0, 1, 2]) hash.update(data.filter((_, i) => i % 3 === c));
  }
  expect(hash.digest("hex")).toBe("0ce179d0c0a5220739d6223197952896644ceabb648dacfdebd7f06789af543f");
});
