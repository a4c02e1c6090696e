// Checks that the folders of src/ import only what stands below them in layers.json, types included, and that files and
// functions stay small. `node scripts/check-layers.mjs [FOLDER]` prints the counts and each violation, and exits 1 for any.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const limits = { fileLines: 350, functionLines: 80, parameters: 11 };

/** What is counted, and how the summary calls it. */
const titles = {
  mutual: "folders that import each other",
  upward: "imports of something not lower",
  loop: "loops between files",
  uncovered: "files or imports that no layer covers",
  unused: "layers without a file",
  longFile: `files over ${limits.fileLines} lines`,
  longFunction: `functions over ${limits.functionLines} lines`,
  parameters: `functions of more than ${limits.parameters} parameters`,
};

const generated = (file) => /\.gen\.ts$/.test(file);

/** The TypeScript files of a folder below root, generated ones aside, by their paths with "/". */
function sourceFiles(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !generated(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

function parse(root, file) {
  return ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest, true);
}

const lineOf = (source, position) => source.getLineAndCharacterOfPosition(position).line + 1;

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** The node that says which module a node imports, if it imports one: in every form that TypeScript has. */
function importedName(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    // Bundlers leave this one alone, because it is a module of the user's.
    return node.getText().includes("webpackIgnore: true") ? undefined : node.arguments[0];
  }
  return ts.isExternalModuleReference(node) ? node.expression : undefined;
}

/** The imports of a file as { line, name }; the name of one that is computed is undefined. */
function importsOf(source) {
  const found = [];
  visit(source, (node) => {
    const name = importedName(node);
    if (name) {
      const text = ts.isStringLiteralLike(name) ? name.text : undefined;
      found.push({ line: lineOf(source, name.getStart(source)), name: text });
    }
  });
  return found;
}

/** A file `x.ts` and, where there is one, the `x.page.ts` that pages load in its place. */
function withPage(file, files) {
  const page = file.replace(/(\.page)?\.ts$/, ".page.ts");
  return page !== file && files.has(page) ? [file, page] : [file];
}

/** Every import of one file of src/ by another, as { from, to, line }; what leads elsewhere is reported. */
function readEdges(sources, report) {
  const files = new Set(sources.keys());
  const edges = [];
  for (const [from, source] of sources) {
    for (const { line, name } of importsOf(source)) {
      if (name === undefined) {
        report(
          "uncovered",
          from,
          line,
          "The name of this import is computed, so no check sees it: write it as a string.",
        );
        continue;
      }
      if (!name.startsWith(".") || !/\.[cm]?[jt]s$/.test(name)) continue;
      const to = posix.join(posix.dirname(from), name);
      if (!files.has(to) && !(to.startsWith("src/") && generated(to))) {
        report("uncovered", from, line, `This imports ${to}, which is no file of src/: move or correct it.`);
        continue;
      }
      for (const target of withPage(to, files)) if (target !== from) edges.push({ from, to: target, line });
    }
  }
  return edges;
}

/** The entry of layers.json that covers a file, as its place in the list: the longest path that matches. */
function layerOf(layers, file) {
  const inside = file.slice("src/".length);
  let best = -1;
  for (const [i, { path }] of layers.entries()) {
    if (inside !== path && !inside.startsWith(`${path}/`)) continue;
    if (best < 0 || path.length > layers[best].path.length) best = i;
  }
  return best;
}

function checkCover(layers, text, sources, report) {
  const used = new Set();
  for (const file of sources.keys()) {
    const layer = layerOf(layers, file);
    used.add(layer);
    if (layer < 0)
      report("uncovered", file, 1, "No entry of layers.json covers this file: move it, or add its folder.");
  }
  for (const [i, { path }] of layers.entries()) {
    if (used.has(i) || generated(path)) continue;
    const line = text.slice(0, text.indexOf(`"path": "${path}"`)).split("\n").length;
    report("unused", "layers.json", line, `No file stands in "${path}": remove this entry.`);
  }
}

function checkUpward(layers, edges, report) {
  for (const { from, to, line } of edges) {
    const [own, other] = [layerOf(layers, from), layerOf(layers, to)];
    if (own < 0 || other <= own) continue;
    const reason = `"${layers[other].path}" stands above "${layers[own].path}" in layers.json`;
    report("upward", from, line, `This imports ${to}, but ${reason}: move what both need to a lower layer.`);
  }
}

/** Layers, and folders directly in src/, that import each other. */
function checkMutual(layers, edges, report) {
  const layer = (file) => layers[layerOf(layers, file)]?.path;
  const folder = (file) => file.split("/")[1];
  const seen = new Set();
  for (const nameOf of [layer, folder]) {
    const first = new Map();
    for (const edge of edges) {
      const [from, to] = [nameOf(edge.from), nameOf(edge.to)];
      if (!from || !to || from === to || first.has(`${from} ${to}`)) continue;
      first.set(`${from} ${to}`, edge);
      const back = first.get(`${to} ${from}`);
      const pair = [from, to].sort().join(" ");
      if (!back || seen.has(pair)) continue;
      seen.add(pair);
      report(
        "mutual",
        edge.from,
        edge.line,
        `"${from}" and "${to}" import each other (${told([back, edge])}): undo one.`,
      );
    }
  }
}

const told = (edges) => edges.map(({ from, to, line }) => `${from}:${line} imports ${to}`).join(", ");

/** Tarjan's strongly connected components of more than one file. */
function components(files, next) {
  const [index, low, stack, found] = [new Map(), new Map(), [], []];
  const enter = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const { to } of next.get(file) ?? []) {
      if (!index.has(to)) enter(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file), low.get(to)));
    }
    if (low.get(file) !== index.get(file)) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1) found.push(component);
  };
  for (const file of files) if (!index.has(file)) enter(file);
  return found;
}

/** The shortest way, as edges, from a file back to itself, inside a component. */
function shortestLoop(start, component, next) {
  const inside = new Set(component);
  const ways = [[]];
  const seen = new Set();
  for (const way of ways) {
    for (const edge of next.get(way.at(-1)?.to ?? start) ?? []) {
      if (edge.to === start) return [...way, edge];
      if (!inside.has(edge.to) || seen.has(edge.to)) continue;
      seen.add(edge.to);
      ways.push([...way, edge]);
    }
  }
  return [];
}

function checkLoops(sources, edges, report) {
  const next = new Map();
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge]);
  for (const component of components(sources.keys(), next)) {
    const loops = component.map((file) => shortestLoop(file, component, next));
    const [way] = loops.sort((a, b) => a.length - b.length);
    const size = component.length > way.length ? `, one of several among ${component.length} files` : "";
    const advice = "give what they share, types too, a file of its own";
    report("loop", way[0].from, way[0].line, `This import closes a loop (${told(way)})${size}: ${advice}.`);
  }
}

function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return "the constructor";
  const name = node.name ?? node.parent?.name;
  return name ? `"${name.getText()}"` : "a function without a name";
}

function checkSizes(source, report) {
  const file = source.fileName;
  const lines = source.text.split("\n").length - (source.text.endsWith("\n") ? 1 : 0);
  if (lines > limits.fileLines) {
    report(
      "longFile",
      file,
      1,
      `The file has ${lines} lines, and ${limits.fileLines} is the limit: split it by ideas.`,
    );
  }
  visit(source, (node) => {
    if (!ts.isFunctionLike(node)) return;
    const line = lineOf(source, node.getStart(source));
    const parameters = node.parameters.length;
    if (parameters > limits.parameters) {
      const message = `${nameOf(node)} has ${parameters} parameters, and ${limits.parameters} is the limit: name them in an object.`;
      report("parameters", file, line, message);
    }
    const long = lineOf(source, node.end) - line + 1;
    if (node.body && long > limits.functionLines) {
      const message = `${nameOf(node)} has ${long} lines, and ${limits.functionLines} is the limit: split it.`;
      report("longFunction", file, line, message);
    }
  });
}

/** Checks the tree in a folder: src/ by layers.json, the sizes in assembly/ too. Returns findings in the order of files. */
export function checkLayers(root) {
  const text = readFileSync(join(root, "layers.json"), "utf8");
  const layers = JSON.parse(text);
  const findings = [];
  const report = (kind, file, line, message) => findings.push({ kind, file, line, message });
  const parsed = (folder) => new Map(sourceFiles(root, folder).map((file) => [file, parse(root, file)]));
  const sources = parsed("src");
  const edges = readEdges(sources, report);
  checkCover(layers, text, sources, report);
  checkUpward(layers, edges, report);
  checkMutual(layers, edges, report);
  checkLoops(sources, edges, report);
  for (const source of [...sources.values(), ...parsed("assembly").values()]) checkSizes(source, report);
  findings.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
  const counts = Object.fromEntries(
    Object.keys(titles).map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]),
  );
  return { findings, counts, files: sources.size };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { findings, counts, files } = checkLayers(process.argv[2] ?? dirname(dirname(process.argv[1])));
  for (const { file, line, message } of findings) console.error(`${file}:${line}: ${message}`);
  console.log(
    `${files} files of src/: ${Object.entries(counts)
      .map(([kind, n]) => `${titles[kind]}: ${n}`)
      .join(", ")}`,
  );
  process.exitCode = findings.length > 0 ? 1 : 0;
}
