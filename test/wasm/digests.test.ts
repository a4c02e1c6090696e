// The SHA-256 of the kernels that docs/reliability.md tells users is that of the kernels that ship.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { simd, threads } from "../../src/backend/wasm/binary.gen.ts";
import { threads as packedPage } from "../../src/backend/wasm/packed.page.gen.ts";
import { rare as packedRare } from "../../src/backend/wasm/packed-rare.page.gen.ts";
import { relaxed } from "../../src/backend/wasm/relaxed.gen.ts";

const docs = readFileSync(new URL("../../docs/reliability.md", import.meta.url), "utf8");

const plain = (base64: string): Buffer => Buffer.from(base64, "base64");
const unpacked = (base64: string): Buffer => gunzipSync(plain(base64));
const shipped = {
  ...{ simd: plain(simd), threads: plain(threads), relaxed: plain(relaxed) },
  ...{ page: unpacked(packedPage), "page-rare": unpacked(packedRare) },
};

test.each(Object.entries(shipped))("of %s.wasm", (name, binary) => {
  const digest = createHash("sha256").update(binary).digest("hex");
  expect(docs.split("\n").filter((line) => line.endsWith(`build/${name}.wasm`))).toEqual([
    `    ${digest}  build/${name}.wasm`,
  ]);
});
