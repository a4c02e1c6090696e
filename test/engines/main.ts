// A program for Node, Bun and Deno: prints what the pinned runs have learned in the places that it is told, as JSON.
import { runIn } from "./runs.ts";

console.log(JSON.stringify(await runIn(JSON.parse(process.argv.at(-1)!))));
