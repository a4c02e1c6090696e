// Stands in for Vitest where tests of this folder's parent run in a page (bundle.ts): as much of it as they use,
// with the same meaning. What it lacks is undefined, so a test that needs more fails.
import { paint } from "../../helpers.ts";

type Body<T extends unknown[]> = (...values: T) => unknown;

interface Suite {
  readonly name: string;
  readonly body: () => unknown;
}

/** Tests and suites in the order in which they were declared. */
interface Declared extends Suite {
  readonly kind: "test" | "suite";
}

/** How one test ended; `error` is undefined where it passed. */
export interface Ended {
  readonly name: string;
  readonly error: string | undefined;
}

let declared: Declared[] = [];
let last: (() => unknown)[] = [];

const declare =
  (kind: Declared["kind"]) =>
  (name: string, body: () => unknown): void => {
    declared.push({ kind, name, body });
  };

/** `%s` and the like take the values in turn, `$key` takes a property of the first one. */
function title(name: string, values: readonly unknown[]): string {
  let next = 0;
  return name
    .replace(/%[sdifjo]/g, () => String(values[next++]))
    .replace(/\$(\w+(?:\.\w+)*)/g, (_, path: string) =>
      String(path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], values[0])),
    );
}

function declarer(kind: Declared["kind"]) {
  const one = declare(kind);
  const many =
    (spread: boolean) =>
    <T>(cases: readonly T[]) =>
    (name: string, body: Body<never[]>): void => {
      for (const value of cases) {
        const listed = Array.isArray(value) ? value : [value];
        const given = spread ? listed : [value];
        one(title(name, listed), () => (body as Body<unknown[]>)(...given));
      }
    };
  const all = Object.assign(one, { each: many(true), for: many(false) });
  const none = Object.assign(() => {}, { each: () => () => {}, for: () => () => {} }) as typeof all;
  return Object.assign(all, { skipIf: (skipped: unknown) => (skipped ? none : all) });
}

export const test = declarer("test");
export const describe = declarer("suite");

export function afterAll(work: () => unknown): void {
  last.push(work);
}

/** Tests of ops have work before each test only to skip them all where there is no GPU. */
export function beforeEach(): never {
  throw new Error("there is no GPU to test");
}

export function expect(actual: unknown) {
  return {
    ...matchers(actual, true),
    not: matchers(actual, false),
    rejects: {
      toThrow: async (error: Thrown) => {
        const rejected = await (actual as Promise<unknown>).then(
          () => undefined,
          (reason: Error) => reason,
        );
        checkThrown(rejected, error);
      },
    },
  };
}

function matchers(actual: unknown, isWanted: boolean) {
  const check = (holds: boolean, wanted: string): void => {
    if (holds !== isWanted) throw new Error(`expected ${isWanted ? "" : "not "}${wanted}, got ${text(actual)}`);
  };
  const value = actual as number;
  return {
    toBe: (expected: unknown) => check(Object.is(actual, expected), text(expected)),
    toEqual: (expected: unknown) => check(text(actual) === text(expected), text(expected)),
    toHaveLength: (length: number) =>
      check((actual as ArrayLike<unknown>).length === length, `something of length ${length}`),
    toBeCloseTo: (expected: number, digits = 2) =>
      check(Math.abs(value - expected) < 10 ** -digits / 2, `${expected} to ${digits} digits`),
    toBeLessThan: (bound: number) => check(value < bound, `less than ${bound}`),
    toBeLessThanOrEqual: (bound: number) => check(value <= bound, `at most ${bound}`),
    toBeGreaterThan: (bound: number) => check(value > bound, `more than ${bound}`),
    toBeGreaterThanOrEqual: (bound: number) => check(value >= bound, `at least ${bound}`),
    ...(isWanted && { toThrow: (error: Thrown) => checkThrown(errorOf(actual as () => unknown), error) }),
  };
}

/** What an error should be: one of the same message, or one whose message has a text or fits an expression. */
type Thrown = Error | RegExp | string;

function checkThrown(thrown: Error | undefined, error: Thrown): void {
  const said = thrown?.message;
  const fits = (message: string): boolean => {
    if (error instanceof RegExp) return error.test(message);
    return typeof error === "string" ? message.includes(error) : message === error.message;
  };
  if (said === undefined || !fits(said)) throw new Error(`expected an error that says ${error}, got ${said}`);
}

function errorOf(call: () => unknown): Error | undefined {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** The type and the content of a value; numbers keep their sign at 0, and NaN equals itself. */
function text(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? String(value);
  const kind = Object.prototype.toString.call(value);
  const entries = Object.entries(value).map(([key, part]) => `${key}: ${text(part)}`);
  return `${kind} { ${entries.join(", ")} }`;
}

/** Which of the tests of a file are run: the first, and of the others one in `oneIn`, drawn with `seed`. */
export interface Drawn {
  readonly oneIn: number;
  readonly seed: number;
  /** An expression for the names of tests that are left out. */
  readonly without?: string | undefined;
}

/** Runs the tests that are drawn, in the order of their declaration, and tells how each ended. A suite that throws ends as one. */
export async function run({ oneIn, seed, without }: Drawn): Promise<Ended[]> {
  const ended: Ended[] = [];
  let index = 0;
  const isDrawn = (i: number): boolean => i === 0 || (paint(1, seed + i)[0]! + 1) / 2 < 1 / oneIn;
  const runAll = async (outer: string): Promise<void> => {
    const [here, atEnd] = [declared, last];
    for (const { kind, name, body } of here) {
      const full = outer === "" ? name : `${outer} > ${name}`;
      if (kind === "test" && (!isDrawn(index++) || (without !== undefined && new RegExp(without).test(full)))) continue;
      [declared, last] = [[], []];
      let error: string | undefined;
      try {
        await body();
        if (kind === "suite") await runAll(full);
      } catch (thrown) {
        error = (thrown as Error).message;
      }
      if (kind === "test" || error !== undefined) ended.push({ name: full, error });
    }
    for (const work of atEnd) await work();
  };
  await runAll("");
  return ended;
}
