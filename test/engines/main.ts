// A program for Node, Bun and Deno that runs the pinned runs in the given places and prints their digests as JSON.
import { runIn } from "./runs.ts";

console.log(JSON.stringify(await runIn(JSON.parse(process.argv.at(-1)!))));
