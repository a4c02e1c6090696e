/** A node with a sign, or null for zero. */
export type Value = { readonly node: number; readonly sign: number } | null;

export class Network {
  readonly nodes: readonly unknown[];
  input(i: number): Value;
  add(x: Value, y: Value): Value;
  negate(x: Value): Value;
  sub(x: Value, y: Value): Value;
  mul(c: number, x: Value): Value;
}

/** A network with its outputs in order. */
export interface Linear {
  readonly network: Network;
  readonly outputs: readonly Value[];
}

/** The transposed network, with `count` outputs. */
export function transpose(of: Linear, count: number): Linear;

/** The outputs of a network, in float64. */
export function evaluate(of: Linear, inputs: readonly number[]): number[];

/** The networks of a plane whose side has 9a points. */
export function planeNetworks(
  a: number,
  positions: readonly number[],
): { readonly row: Linear; readonly real: Linear; readonly complex: Linear };
