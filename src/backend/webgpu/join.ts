// Two dispatches that follow each other as one: what a dispatch costs does not depend on how little it does. Each rule says
// when one dispatch leaves in the memory what the two leave, whatever lies there. All that decides is shapes and places.
import { type Dispatch, LEFT_OUT } from "./shader.ts";

/** A run of floats. */
export interface Span {
  readonly at: number;
  readonly floats: number;
}

/** Returns the dispatch that does what both do, if there is one. */
export function joined(first: Dispatch, second: Dispatch): Dispatch | undefined {
  return first.shader.join?.(first, second);
}

export function numberOf({ shader, numbers }: Dispatch, name: string): number {
  return numbers[Object.keys(shader.numbers).indexOf(name)]!;
}

export function operandOf({ shader, operands }: Dispatch, name: string): number {
  return operands[shader.operands.indexOf(name)]!;
}

/** The same dispatch with some numbers and operands replaced. */
export function replaced(
  dispatch: Dispatch,
  numbers: Readonly<Record<string, number>>,
  operands: Readonly<Record<string, number>>,
): Dispatch {
  const names = Object.keys(dispatch.shader.numbers);
  return {
    ...dispatch,
    numbers: dispatch.numbers.map((value, i) => numbers[names[i]!] ?? value),
    operands: dispatch.operands.map((value, i) => operands[dispatch.shader.operands[i]!] ?? value),
  };
}

/** Whether two runs of floats have one in common. An operand that was left out has none. */
export function overlap(a: Span, b: Span): boolean {
  if (a.at === LEFT_OUT || b.at === LEFT_OUT) return false;
  return a.at < b.at + b.floats && b.at < a.at + a.floats;
}

/** The number of a dispatch of a sum that is not joined. */
export const oneTerm = { terms: 1 } as const;

/**
 * The join of a sum and of a second one that is added to it, as in R{w·x} = w·ṙx + v·x. A shader with such sums has the
 * numbers `terms` and `add`, for each factor f an operand `other_f`, and perhaps a `bias`, which one of the two may have. The
 * factors and the bias of the second must not hold what the first writes. `floats`: those of the sum, factors and bias.
 */
export function joinTerms(
  first: Dispatch,
  second: Dispatch,
  sum: string,
  floats: Readonly<Record<string, number>>,
): Dispatch | undefined {
  if (second.shader !== first.shader || second.count !== first.count) return undefined;
  if (numberOf(first, "terms") !== 1 || numberOf(second, "add") !== 1) return undefined;
  const added = replaced(second, { add: numberOf(first, "add") }, {});
  if (!added.numbers.every((value, i) => Object.is(value, first.numbers[i]))) return undefined;
  const written = { at: operandOf(first, sum), floats: floats[sum]! };
  if (operandOf(second, sum) !== written.at) return undefined;
  const operands: Record<string, number> = {};
  for (const [name, length] of Object.entries(floats)) {
    if (name === sum) continue;
    const [mine, other] = [operandOf(first, name), operandOf(second, name)];
    if (overlap({ at: other, floats: length }, written)) return undefined;
    if (name !== "bias") operands[`other_${name}`] = other;
    else if (mine === LEFT_OUT) operands.bias = other;
    else if (other !== LEFT_OUT) return undefined;
  }
  return replaced(first, { terms: 2 }, operands);
}
