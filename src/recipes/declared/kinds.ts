// The kinds of values that several parts of a recipe have.
import { type Kind, text } from "../../checks/declare.ts";

/** The kind of a line of text; `what` says what it holds. */
/* @__NO_SIDE_EFFECTS__ */
export function line(what: string): Kind<string> {
  return text(what, ({ length }) => length >= 1 && length <= 200);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const localPath = /^(?![/\\]{2})[^\u0000-\u001f\u007f-\u009f]{1,200}$/;

/** A file or folder on this machine: no name of one on another machine, and no characters that control a terminal. */
export const path: Kind<string> = text("a path on this machine, without control characters", (value) =>
  localPath.test(value),
);

/** The name of a recipe, which becomes the name of a folder. */
export const name: Kind<string> = text("letters, digits, dots and hyphens, 64 at most", (value) =>
  /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(value),
);
