// Who hears of a run: a person, a program, or both.
import { JsonReport } from "./json-report.ts";
import type { RunReport } from "./run-report.ts";
import { TextReport } from "./text-report.ts";

/** Reports text if a person sees stdout; otherwise JSON lines there, and the text on stderr. */
export function createReports(): RunReport[] {
  const { stdout, stderr } = process;
  return stdout.isTTY ? [new TextReport(stdout, stderr)] : [new JsonReport(stdout), new TextReport(stderr, stderr)];
}
