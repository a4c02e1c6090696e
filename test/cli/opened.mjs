// Loaded before the command by tests: writes each path that the program gives to the file system into the file OPENED.
import fs, { appendFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const log = process.env.OPENED;
const names = [
  "access",
  "appendFile",
  "copyFile",
  "cp",
  "link",
  "lstat",
  "mkdir",
  "open",
  "opendir",
  "readdir",
  "readFile",
]
  .concat(["readlink", "realpath", "rename", "rm", "rmdir", "stat", "symlink", "truncate", "unlink", "writeFile"])
  .flatMap((name) => [name, `${name}Sync`])
  .concat(["createReadStream", "createWriteStream", "existsSync"]);

for (const module of [fs, promises]) {
  for (const name of names) {
    const real = module[name];
    if (typeof real !== "function") continue;
    module[name] = (...args) => {
      if (args[0] !== log) appendFileSync(log, `${name} ${args.slice(0, 2).map(String).join(" ")}\n`);
      return real(...args);
    };
  }
}
syncBuiltinESMExports();
