// Stands in for test/pytorch.ts where tests run in a page, which starts no program.
export const noPyTorch = true;

export function pytorch(): never {
  throw new Error("a page starts no program");
}
