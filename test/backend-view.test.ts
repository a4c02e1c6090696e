// Backend.view: the memory itself, where `read` is a copy of it.
import { expect, test } from "vitest";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { backendsUnderTest } from "./helpers.ts";

const backends = [createReferenceBackend(), ...(await backendsUnderTest())];

test.each(backends)(
  "a view of $name with $threads threads sees what ops write, and ops see what it writes",
  async (backend) => {
    const at = backend.base + 3;
    backend.reserve(at + 16);
    backend.ops.fill(at, 2, 8);
    const view = backend.view(at, 4);
    const copy = backend.read(at, 4);
    expect(view).toEqual(copy);
    backend.ops.scale(at, 3, at, 4);
    expect([...view, ...copy]).toEqual([6, 6, 6, 6, 2, 2, 2, 2]);
    view.set([1, 2, 3, 4]);
    backend.ops.dot(at + 8, at, at, 5);
    expect(backend.read(at + 8, 1)[0]).toBe(1 + 4 + 9 + 16 + 4);
    await backend.dispose();
    expect(() => backend.view(at, 4)).toThrow(/disposed|dispose\(\)/);
  },
);
