// From the job classes of assembly/ to both sides of a kernel's call. A class `AxpyJob` beside a function `axpy(job: AxpyJob,
// …)` is the one declaration of that kernel's arguments: its fields have names, and the order that they are written in
// decides where they lie. The dispatch (assembly/dispatch.gen.ts) hands kernels a pointer to their fields; the writers
// (src/backend/wasm/jobs.gen.ts) take objects with a property for each field, so that the compiler refuses a missing or
// misspelt one and no order can be wrong.
//
// A class that a job class extends is a shape: several jobs share its fields, and their writers take it as an object of its
// own, so that the host can hand on the shape that an op was given.
import ts from "typescript";

/** Types of fields: each is one word in memory. What the host gives for it, and which method of the sink writes it. */
const fieldTypes = new Map([
  ["Buffer", { host: "Buffer", write: "buffer" }],
  ["OptionalBuffer", { host: "OptionalBuffer", write: "optional" }],
  ["Address", { host: "number", write: "int" }],
  ["Flag", { host: "boolean", write: "flag" }],
  ["i32", { host: "number", write: "int" }],
  ["u32", { host: "number", write: "int" }],
  ["f32", { host: "number", write: "num" }],
]);

const parse = ({ path, text }) => ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);

/** An error that names file and line of a piece of source. */
function refuse(node, message) {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  throw new Error(`${file.fileName}:${line + 1}: ${message}`);
}

/** The comment before a declaration, as it stands; empty where there is none. */
function docOf(node) {
  const text = node.getSourceFile().text;
  const last = ts.getLeadingCommentRanges(text, node.pos)?.at(-1);
  const comment = last ? text.slice(last.pos, last.end) : "";
  return comment.startsWith("/**") ? comment.replace(/\n\s*\*/g, "\n *") : "";
}

const has = (node, kind) => node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
const isExported = (node) => has(node, ts.SyntaxKind.ExportKeyword);
const isUnmanaged = (node) =>
  ts.getDecorators(node)?.some(({ expression }) => expression.getText() === "unmanaged") ?? false;

/** The base class's name, if there is one. */
function baseOf(node) {
  const clause = node.heritageClauses?.[0];
  if (!clause) return undefined;
  if (clause.token !== ts.SyntaxKind.ExtendsKeyword) refuse(clause, "expected `extends`, got `implements`");
  return clause.types[0].expression.getText();
}

/** The fields that a class declares itself. */
function fieldsOf(node, enums) {
  return node.members.map((member) => {
    if (!ts.isPropertyDeclaration(member) || member.initializer) {
      refuse(member, `expected a field without a value, got "${member.getText()}"`);
    }
    const name = member.name.getText();
    const type = member.type?.getText() ?? "";
    if (!fieldTypes.has(type) && !enums.has(type)) {
      const known = [...fieldTypes.keys(), ...enums.keys()].join(", ");
      refuse(member, `the field "${name}" has the unknown type "${type}": expected one of ${known}`);
    }
    return { name, type, doc: docOf(member), node: member };
  });
}

/** Checks that the kernel is called as the dispatch calls it; returns the names of its parameters. */
function parametersOf(kernel, jobName) {
  const found = kernel.parameters.map((parameter) => parameter.getText()).join(", ");
  const forms = [`job: ${jobName}, begin: i32, end: i32`, `job: ${jobName}, scratch: usize, begin: i32, end: i32`];
  if (!forms.includes(found)) refuse(kernel, `a kernel takes (${forms.join(") or (")}), got (${found})`);
  return kernel.parameters.map((parameter) => parameter.name.getText());
}

/**
 * The kernels that `sources` ({ path, text }) declare, in order of path and place, with the enums of their fields.
 * Throws Error with file and line for whatever the two sides could not agree on.
 */
export function readJobs(sources, mostFields) {
  const files = [...sources].sort((a, b) => (a.path < b.path ? -1 : 1)).map(parse);
  const statements = files.flatMap((file) => [...file.statements]);
  const enums = new Map(
    statements.filter((node) => ts.isEnumDeclaration(node) && isExported(node)).map((node) => [node.name.text, node]),
  );
  const classes = new Map();
  for (const node of statements.filter(ts.isClassDeclaration)) {
    if (!isUnmanaged(node)) continue;
    if (classes.has(node.name.text)) refuse(node, `there is a second class ${node.name.text}: names are unique`);
    classes.set(node.name.text, node);
  }
  const kernels = [];
  for (const node of statements.filter(ts.isClassDeclaration)) {
    const className = node.name.text;
    if (!className.endsWith("Job")) continue;
    if (!isUnmanaged(node) || !isExported(node)) refuse(node, `${className} expected to be exported and @unmanaged`);
    const name = className[0].toLowerCase() + className.slice(1, -"Job".length);
    const kernel = node
      .getSourceFile()
      .statements.find((each) => ts.isFunctionDeclaration(each) && isExported(each) && each.name.text === name);
    if (!kernel) refuse(node, `${className} expected an exported function ${name} in the same file`);
    const base = baseOf(node);
    const shapeClass = base === undefined ? undefined : classes.get(base);
    if (base !== undefined && !shapeClass) refuse(node, `${className} extends ${base}, which is no @unmanaged class`);
    if (shapeClass && baseOf(shapeClass)) refuse(shapeClass, `${base} is a shape and cannot extend another class`);
    const shape = shapeClass && { name: base, fields: fieldsOf(shapeClass, enums) };
    const own = fieldsOf(node, enums);
    const all = [...(shape?.fields ?? []), ...own];
    const twice = all.find(({ name: a }, i) => all.findIndex(({ name: b }) => a === b) < i);
    if (twice) refuse(twice.node, `${className} has two fields "${twice.name}"`);
    if (all.length > mostFields)
      refuse(node, `${className} has ${all.length} fields, and a job has room for ${mostFields}`);
    const parameters = parametersOf(kernel, className);
    const module = node.getSourceFile().fileName.replace(/^.*\//, "").replace(/\.ts$/, "");
    kernels.push({ name, className, module, own, shape, parameters, doc: docOf(kernel) });
  }
  const used = new Set(kernels.flatMap(({ own, shape }) => [...own, ...(shape?.fields ?? [])]).map(({ type }) => type));
  return { kernels, enums: [...enums.values()].filter(({ name }) => used.has(name.text)).map(readEnum) };
}

function readEnum(node) {
  const valued = node.members.find(({ initializer }) => initializer);
  if (valued) refuse(valued, "a value of an enum that fields have is its place in it: leave the number out");
  return { name: node.name.text, members: node.members.map(({ name }) => name.getText()) };
}

/** assembly/dispatch.gen.ts: calls the kernel of a number with a pointer to its fields. */
export function dispatchSource({ kernels }) {
  const imports = [...new Set(kernels.map(({ module }) => module))].map((module) => {
    const its = kernels.filter((kernel) => kernel.module === module);
    return `import { ${its.map(({ name, className }) => `${name}, ${className}`).join(", ")} } from "./${module}";`;
  });
  const cases = kernels.map(({ name, className, parameters }, number) => {
    const call = parameters.map((parameter) => (parameter === "job" ? `changetype<${className}>(fields)` : parameter));
    return `    case ${number}:\n      ${name}(${call.join(", ")});\n      break;`;
  });
  return `// Generated by scripts/build.mjs from the job classes of assembly/.
${imports.join("\n")}

/** Tiles [begin, end) of the job of kernel \`kernel\` whose fields begin at \`fields\`. */
export function runKernel(kernel: i32, fields: usize, scratch: usize, begin: i32, end: i32): void {
  switch (kernel) {
${cases.join("\n")}
  }
}
`;
}

const indent = (doc) => (doc === "" ? "" : `  ${doc.replaceAll("\n", "\n  ")}\n`);

/** src/backend/wasm/jobs.gen.ts: a method for each kernel that writes its fields by name and runs the job. */
export function writersSource({ kernels, enums }) {
  const codes = enums.map(({ name, members }) => {
    const values = members.map((member, value) => `${member}: ${value}`);
    return `const ${name} = { ${values.join(", ")} } as const;`;
  });
  const hostType = (type) => fieldTypes.get(type)?.host ?? `keyof typeof ${type}`;
  const property = ({ name, type, doc }) => `${indent(doc)}  readonly ${name}: ${hostType(type)};`;
  const shapes = new Map(kernels.flatMap(({ shape }) => (shape ? [[shape.name, shape]] : [])));
  const interfaces = [
    ...[...shapes.values()].map(
      ({ name, fields }) => `export interface ${name} {\n${fields.map(property).join("\n")}\n}`,
    ),
    ...kernels.map(({ className, own }) => `export interface ${className} {\n${own.map(property).join("\n")}\n}`),
  ];
  const write = (fields, owner) =>
    fields
      .map(({ name, type }) => {
        const value = fieldTypes.has(type) ? `${owner}.${name}` : `${type}[${owner}.${name}]`;
        return `.${fieldTypes.get(type)?.write ?? "int"}(${value})`;
      })
      .join("");
  // A shape's fields come first, and every kernel of the shape calls the same function to write them.
  const shapeWriters = [...shapes.values()].map(
    ({ name, fields }) => `const write${name} = (sink: JobSink, shape: ${name}) => sink${write(fields, "shape")};`,
  );
  const methods = kernels.map(({ name, className, own, shape, doc }, number) => {
    const parameters = [`job: ${className}`, ...(shape ? [`shape: ${shape.name}`] : []), "extent: Extent"];
    const started = `this.#sink.start(${number})`;
    const first = shape ? `write${shape.name}(${started}, shape)` : started;
    return `${indent(doc)}  ${name}(${parameters.join(", ")}): void {
    ${first}${write(own, "job")}.run(extent);
  }`;
  });
  return `// Generated by scripts/build.mjs from the job classes of assembly/.
import type { Buffer, OptionalBuffer } from "../buffer.ts";

/** Where a job goes: word by word, in the order of its fields. */
export interface JobSink {
  start(kernel: number): this;
  int(value: number): this;
  num(value: number): this;
  flag(value: boolean): this;
  buffer(value: Buffer): this;
  optional(value: OptionalBuffer): this;
  run(extent: Extent): void;
}

/** How many tiles a job has, and its work in multiply-adds or floats moved, which decides how many threads are asked. */
export interface Extent {
  readonly tiles: number;
  readonly work: number;
}

${[...codes, ...interfaces, ...shapeWriters].join("\n\n")}

/** Writes a job of each kernel, and runs it. */
export class Jobs {
  readonly #sink: JobSink;

  constructor(sink: JobSink) {
    this.#sink = sink;
  }

${methods.join("\n\n")}
}
`;
}
