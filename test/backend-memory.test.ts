// What goes into a backend's memory and what comes out of it.
import { expect, test } from "vitest";
import { write } from "../src/backend/backend.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { backendsUnderTest } from "./backends-under-test.ts";

const backends = [createReferenceBackend(), ...(await backendsUnderTest())];

test.each(backends)(
  "a read of $name with $threads threads is of the moment it was called at, and an upload is there for later ops",
  async (backend) => {
    const at = backend.base + 3;
    backend.reserve(at + 16);
    backend.ops.fill(at, 2, 8);
    const before = backend.read(at, 4);
    backend.ops.scale(at, 3, at, 4);
    const after = backend.read(at, 5);
    write(backend, at, [1, 2, 3, 4]);
    backend.ops.dot(at + 8, at, at, 5);
    expect([...(await before)]).toEqual([2, 2, 2, 2]);
    expect([...(await after)]).toEqual([6, 6, 6, 6, 2]);
    expect((await backend.read(at + 8, 1))[0]).toBe(1 + 4 + 9 + 16 + 4);
    expect(await before).toBeInstanceOf(backend.Floats);
    await backend.dispose();
    await expect(backend.read(at, 4)).rejects.toThrow(/disposed|dispose\(\)/);
    expect(() => write(backend, at, [1])).toThrow(/disposed|dispose\(\)/);
  },
);
