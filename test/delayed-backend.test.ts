// A backend whose ops wait gives nothing to who looks early. The projects `delayed` and `delayed-rest` run every test of
// distillation on such backends, where they must give the bits of those that run at once.
import { expect, test } from "vitest";
import { write } from "../src/backend/backend.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { createWasmBackend } from "../src/backend/wasm/backend.ts";
import { type BackendEntry, backends, defaultBackend } from "../src/engine/backends.ts";
import { createEngine } from "../src/engine/engine.ts";
import type { EngineOptions } from "../src/engine/options.ts";
import { DelayedBackend } from "./delayed/delayed-backend.ts";
import { peek } from "./helpers.ts";

const kinds = [
  { kind: "wasm", create: () => createWasmBackend({ threads: 1 }) },
  { kind: "reference", create: async () => createReferenceBackend() },
];

/** An engine of a test's own kind, by its name: a row in the table is all that it takes. */
const row: BackendEntry = {
  plan: backends[defaultBackend].plan,
  create: async (options) => new DelayedBackend(await backends[defaultBackend].create({ ...options, threads: 1 })),
};
Object.assign(backends, { delayed: row });

test.each(kinds)("on $kind, what does not wait sees NaN or what was there before", async ({ create }) => {
  const inner = await create();
  const backend = new DelayedBackend(inner);
  const at = backend.base;
  backend.reserve(at + 64);
  write(backend, at, [1, 2, 3, 4]);
  backend.ops.scale(at + 8, 2, at, 4);
  backend.sideBySide(1, () => backend.ops.fill(at + 16, 5, 2));
  // Who looked now would look too early.
  expect([...peek(inner, at, 4)].every(Number.isNaN)).toBe(true);
  const first = backend.read(at + 8, 4);
  backend.ops.fill(at + 8, 7, 4);
  expect([...peek(inner, at + 8, 4)].every(Number.isNaN)).toBe(true);
  expect(backend.waiting).toBe(5);
  expect([...(await first)]).toEqual([2, 4, 6, 8]);
  expect([...(await backend.read(at + 8, 4))]).toEqual([7, 7, 7, 7]);
  expect([...(await backend.read(at + 16, 2))]).toEqual([5, 5]);
  await backend.dispose();
});

test("a row of the registry is an engine's backend", async () => {
  await using engine = await createEngine({ backend: "delayed" as EngineOptions["backend"] });
  expect(engine.backend).toBeInstanceOf(DelayedBackend);
  await expect(createEngine({ backend: "other" as EngineOptions["backend"] })).rejects.toThrow(
    `"backend" expected one of ${Object.keys(backends)
      .map((name) => `"${name}"`)
      .join(", ")}, got "other"`,
  );
});
