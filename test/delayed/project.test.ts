// In the projects `delayed` and `delayed-rest` all backends wait, whoever creates them. Only there does this pass.
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { createEngine, distill } from "../../src/index.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { DelayedBackend } from "./delayed-backend.ts";
// @ts-expect-error: this is JavaScript, because workers of Node 20 import it.
import { wherever } from "./where.mjs";

describe("a backend is one whose ops wait", () => {
  test.each(["wasm", "reference"] as const)("where an engine creates it: %s", async (backend) => {
    await using engine = await createEngine({ backend, threads: 2, worker: false });
    expect((engine as unknown as { backend: unknown }).backend).toBeInstanceOf(DelayedBackend);
  });

  test("where a test creates it", async () => {
    const backend = await createWasmBackend({ threads: 1 });
    expect(backend).toBeInstanceOf(DelayedBackend);
    await backend.dispose();
    expect(createReferenceBackend()).toBeInstanceOf(DelayedBackend);
  });

  const options = { data: brightHalves({ count: 20 }), model: halvesNet(), method: wherever, outer: { steps: 1 } };

  test("where a call computes in place", async () => {
    await expect(distill(options).result()).rejects.toThrow("DelayedBackend here");
  });

  test("where a worker creates it", async () => {
    await expect(distill({ ...options, workers: 1 }).result()).rejects.toThrow("DelayedBackend elsewhere");
  });

  test("where an orchestrator creates it", async () => {
    await using engine = await createEngine({ worker: true, threads: 1 });
    await expect(distill({ ...options, engine }).result()).rejects.toThrow("DelayedBackend elsewhere");
  });
});
