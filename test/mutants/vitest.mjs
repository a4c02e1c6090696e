// Stands for the package `vitest` in the tests that child.mjs runs: the same runner and the same expectations, without the
// second and the transformations that a start of the program takes.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  chai,
  customMatchers,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from "@vitest/expect";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from "@vitest/runner";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
export const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect);
Object.assign(expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
expect.extend = (matchers) => chai.expect.extend(expect, matchers);
expect.extend(customMatchers);
expect.addEqualityTesters = addCustomEqualityTesters;

/** Tools beside Node are not for mutants: their tests are skipped. */
export const inject = () => new Proxy({}, { get: () => ({ missing: "mutants are tested without other programs" }) });
