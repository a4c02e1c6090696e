// Tells a part of this page that did not arrive from other errors.

/** The messages of browsers when a module that is loaded on demand does not arrive. */
const messages = /dynamically imported module|importing a module script failed|preload/i;

export function isMissingPart(error: unknown): boolean {
  return error instanceof Error && messages.test(error.message);
}
