// Every mutant of a kernel's source: one number or operator is another, as a slip of the hand would leave it.
import ts from "typescript";

const { SyntaxKind: Kind } = ts;

/** Operators, and what each becomes. */
const operators = new Map([
  [Kind.PlusToken, ["-"]],
  [Kind.MinusToken, ["+"]],
  [Kind.AsteriskToken, ["/"]],
  [Kind.SlashToken, ["*"]],
  [Kind.PercentToken, ["/"]],
  [Kind.LessThanToken, ["<=", ">"]],
  [Kind.LessThanEqualsToken, ["<", ">="]],
  [Kind.GreaterThanToken, [">=", "<"]],
  [Kind.GreaterThanEqualsToken, [">", "<="]],
  [Kind.EqualsEqualsToken, ["!="]],
  [Kind.EqualsEqualsEqualsToken, ["!=="]],
  [Kind.ExclamationEqualsToken, ["=="]],
  [Kind.ExclamationEqualsEqualsToken, ["==="]],
  [Kind.AmpersandAmpersandToken, ["||"]],
  [Kind.BarBarToken, ["&&"]],
  [Kind.LessThanLessThanToken, [">>"]],
  [Kind.GreaterThanGreaterThanToken, ["<<"]],
  [Kind.GreaterThanGreaterThanGreaterThanToken, ["<<"]],
  [Kind.AmpersandToken, ["|"]],
  [Kind.BarToken, ["&"]],
  [Kind.CaretToken, ["|"]],
  [Kind.PlusEqualsToken, ["-="]],
  [Kind.MinusEqualsToken, ["+="]],
  [Kind.AsteriskEqualsToken, ["/="]],
  [Kind.GreaterThanGreaterThanEqualsToken, ["<<="]],
  [Kind.LessThanLessThanEqualsToken, [">>="]],
]);

/** Operators before or after an operand, and what each becomes. */
const unary = new Map([
  [Kind.PlusPlusToken, "--"],
  [Kind.MinusMinusToken, "++"],
  [Kind.ExclamationToken, ""],
  [Kind.MinusToken, ""],
]);

/** Functions of numbers, of vectors (`f32x4.add`) and of memory between threads, and what each becomes. */
const functions = new Map([
  ["min", ["max"]],
  ["max", ["min"]],
  ["add", ["sub", "mul"]],
  ["sub", ["add"]],
  ["mul", ["add"]],
  ["div", ["mul"]],
  ["pmin", ["pmax"]],
  ["pmax", ["pmin"]],
  ["gt", ["ge", "lt"]],
  ["ge", ["gt"]],
  ["lt", ["le", "gt"]],
  ["le", ["lt"]],
  ["eq", ["ne"]],
  ["ne", ["eq"]],
  ["and", ["or"]],
  ["or", ["and"]],
  ["xor", ["or"]],
  ["andnot", ["and"]],
  ["shl", ["shr_u"]],
  ["shr_u", ["shl", "shr_s"]],
  ["shr_s", ["shl"]],
  ["floor", ["ceil"]],
  ["nearest", ["trunc"]],
]);

/** Returns what a number becomes. A real number, such as a coefficient, also becomes one that is 0.1 % larger. */
function otherNumbers(text) {
  const value = Number(text.replaceAll("_", ""));
  if (/[.eE]/.test(text) && !/^0x/i.test(text)) {
    const written = (number) => (Number.isInteger(number) ? `${number}.0` : String(number));
    return [value * 2, value * 1.001, value + 1, value - 1].filter((other) => other !== value).map(written);
  }
  return [value + 1, value - 1, value * 2].filter((other) => other !== value).map(String);
}

/** Returns the nodes that are changed for `node`, each with what it becomes. */
function changesOf(node) {
  if (ts.isNumericLiteral(node)) return otherNumbers(node.getText()).map((text) => ({ node, text }));
  if (node.kind === Kind.TrueKeyword) return [{ node, text: "false" }];
  if (node.kind === Kind.FalseKeyword) return [{ node, text: "true" }];
  if (ts.isBinaryExpression(node)) {
    return (operators.get(node.operatorToken.kind) ?? []).map((text) => ({ node: node.operatorToken, text }));
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const text = unary.get(node.operator);
    const operand = node.operand.getText();
    if (text === undefined) return [];
    return [{ node, text: ts.isPrefixUnaryExpression(node) ? `${text}${operand}` : `${operand}${text}` }];
  }
  if (ts.isConditionalExpression(node)) {
    const [condition, yes, no] = [node.condition, node.whenTrue, node.whenFalse].map((part) => part.getText());
    return [{ node, text: `${condition} ? ${no} : ${yes}` }];
  }
  if (!ts.isCallExpression(node)) return [];
  const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
  if (called.getText() === "madd") {
    // acc + a·b becomes acc − a·b.
    const [acc, a, b] = node.arguments.map((argument) => argument.getText());
    return [{ node, text: `f32x4.sub(${acc}, f32x4.mul(${a}, ${b}))` }];
  }
  return (functions.get(called.getText()) ?? []).map((text) => ({ node: called, text }));
}

/**
 * The mutants of one file: `id` (file, line, column, change), `from`, `to` and `text`, which stands in the mutant in the place
 * of what stands from `from` to `to`, and `line`, the line as it is written.
 */
export function mutantsOf({ path, text }) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const found = [];
  const visit = (node) => {
    // Types and decorators hold nothing that runs.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    for (const change of changesOf(node)) {
      const [from, to] = [change.node.getStart(file), change.node.getEnd()];
      const { line, character } = file.getLineAndCharacterOfPosition(from);
      const was = text.slice(from, to).replace(/\s+/g, " ");
      const id = `${path}:${line + 1}:${character + 1} ${was} → ${change.text.replace(/\s+/g, " ")}`;
      found.push({ id, path, from, to, text: change.text, line: text.split("\n")[line].trim() });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Returns `list` in an order that `seed` decides: Fisher and Yates over Marsaglia's xorshift. */
export function shuffled(list, seed) {
  const order = [...list];
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  const below = (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let i = 0; i < 16; i++) below(1);
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
