// The SHA-256 of the kernels that docs/reliability.md tells users is that of the kernels that ship.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { simd, threads } from "../../src/backend/wasm/binary.gen.ts";
import { relaxed } from "../../src/backend/wasm/relaxed.gen.ts";

const docs = readFileSync(new URL("../../docs/reliability.md", import.meta.url), "utf8");

test.each(Object.entries({ simd, threads, relaxed }))("of %s.wasm", (name, base64) => {
  const digest = createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
  expect(docs.split("\n").filter((line) => line.endsWith(`build/${name}.wasm`))).toEqual([
    `    ${digest}  build/${name}.wasm`,
  ]);
});
