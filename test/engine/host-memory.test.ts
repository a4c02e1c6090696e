// What an engine does where the host is short of memory.
import { afterEach, expect, test, vi } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";

afterEach(() => void vi.restoreAllMocks());

/** A host that refuses the memory, until `most` pages at most are asked for, and `refusals` times at least. */
function shortOfMemory({ most = Number.POSITIVE_INFINITY, refusals = 0 }): { asked: number[] } {
  const { Memory } = WebAssembly;
  const asked: number[] = [];
  vi.spyOn(WebAssembly, "Memory").mockImplementation(function memory(descriptor) {
    asked.push(descriptor.maximum!);
    if (descriptor.maximum! > most || asked.length <= refusals) throw new RangeError("Out of memory");
    return new Memory(descriptor);
  });
  return { asked };
}

test.each([1, 2])("an engine on %i threads takes half of what is refused, and half of that", async (threads) => {
  const { asked } = shortOfMemory({ most: 16_384 });
  await (await createEngine({ threads })).dispose();
  expect(asked).toEqual([65_536, 32_768, 16_384]);
});

test("an engine asks once more, a moment later, for memory that was refused altogether", async () => {
  const { asked } = shortOfMemory({ refusals: 5 });
  await (await createEngine({ threads: 1 })).dispose();
  expect(asked).toEqual([65_536, 32_768, 16_384, 8_192, 4_096, 65_536]);
});

test("an engine that gets no memory says what to do", async () => {
  const { asked } = shortOfMemory({ most: 0 });
  await expect(createEngine({ threads: 1 })).rejects.toThrow(
    /^"memory" expected room for \d+ MiB that can grow to 256 MiB, but the host gives none \(Out of memory\); dispose of engines/,
  );
  expect(asked).toHaveLength(10);
});
