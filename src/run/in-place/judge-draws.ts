// The images of the baselines of a protocol, made before anything is trained on them.
import {
  type Draws,
  randomDraws,
  type Source,
  type SummaryKind,
  summaryDraws,
} from "../../evaluate/baselines/draws.ts";
import type { ComparedKind } from "../../evaluate/protocols/names.ts";
import type { Problem } from "../../evaluate/protocols/problem.ts";
import { type TeacherOptions, teacherTargets } from "./teacher.ts";

/** The draws of a kind to choose by, and those to test. */
type DrawsOf = Readonly<Record<"choose" | "test", Draws>>;

/** Makes the images of these kinds. Random ones are drawn anew for choices and tests. */
export async function comparedDraws(
  kinds: readonly ComparedKind[],
  source: Source,
  teacher: TeacherOptions,
): Promise<Problem["draws"]> {
  const made = new Map<ComparedKind, DrawsOf>();
  for (const kind of kinds) made.set(kind, await drawsOf(kind, source, teacher));
  return (kind, use) => made.get(kind)![use];
}

async function drawsOf(kind: ComparedKind, source: Source, teacher: TeacherOptions): Promise<DrawsOf> {
  if (kind !== "random-real" && kind !== "random-soft") {
    const draws = await summaryDraws(kind satisfies SummaryKind, source);
    return { choose: draws, test: draws };
  }
  const soft = kind === "random-soft" ? await teacherTargets(source.data, teacher) : undefined;
  return {
    choose: randomDraws(source, "baseline/tune", soft),
    test: randomDraws(source, "baseline/real", soft),
  };
}
