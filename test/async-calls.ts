// Finds every public call that gives a promise, by the types of the entries: functions, and methods of what they return.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Names such as "evaluate" and "Distillation.result", sorted; each once, in whichever entries it is. */
export function asyncCalls(entries: readonly string[]): string[] {
  const files = entries.map((entry) => join(root, "dist", `${entry}.d.ts`));
  // Without the libraries of pages and of Node, which take seconds to read, what is built of their types is unknown.
  const lib = ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"];
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib,
    types: [],
  });
  const checker = program.getTypeChecker();
  const found = new Set<string>();

  /** What a call gives at last; undefined unless it gives a promise or something to wait for in a loop. */
  const awaited = (type: ts.Type): ts.Type | undefined => {
    const name = type.getSymbol()?.name ?? "";
    if (name.startsWith("Async")) return type;
    return /^Promise(Like)?$/.test(name) ? checker.getTypeArguments(type as ts.TypeReference)[0] : undefined;
  };
  const isOurs = (symbol: ts.Symbol | undefined): boolean =>
    (symbol?.declarations ?? []).some((declaration) =>
      declaration.getSourceFile().fileName.startsWith(join(root, "dist")),
    );
  const seen = new Set<ts.Type>();
  /** The methods of what a call returns. */
  const methods = (type: ts.Type): void => {
    const symbol = type.getSymbol();
    if (seen.has(type) || !isOurs(symbol)) return;
    seen.add(type);
    for (const property of checker.getPropertiesOfType(type)) {
      const name = property.name.replace(/^__@(\w+?)(@\d+)?$/, "$1");
      calls(`${symbol!.name}.${name}`, checker.getTypeOfSymbol(property));
    }
  };
  const calls = (name: string, type: ts.Type): void => {
    for (const signature of type.getCallSignatures()) {
      const given = signature.getReturnType();
      const last = awaited(given);
      if (last) found.add(name);
      methods(last ?? given);
    }
    for (const signature of type.getConstructSignatures()) methods(signature.getReturnType());
  };

  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.Value) calls(exported.name, checker.getTypeOfSymbol(symbol));
    }
  }
  return [...found].sort();
}
