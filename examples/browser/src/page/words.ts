// The words for the pictures of a set: what they are called, how one of a class is named, and whether one can be drawn.
import { type Kind, knownByName } from "../lab/known-sets.ts";

/** What is known of the data that a set was made from. */
export interface About {
  /** The name of the data, if the set's record has it. */
  readonly data: string | undefined;
  /** The names of the classes that the record or the files have; undefined where classes have only numbers. */
  readonly classNames: readonly string[] | undefined;
  readonly classes: number;
  readonly channels: number;
}

export interface Words {
  /** What one picture shows, with its article: "a digit", "a piece of clothing", "a picture". */
  readonly one: string;
  /** The same, of several: "digits", "pieces of clothing", "pictures". */
  readonly many: string;
  /** Whether it makes sense to draw one on the pad: strokes are grey, and people draw such things. */
  readonly drawn: boolean;
  /** What stands on the empty pad: "draw a digit", or that a picture can be chosen. */
  readonly pad: string;
  /** The question that a network answers: "Which digit is it?", "Is it “lemon” or “lime”?" */
  readonly question: string;
  /** What the button is called that takes a picture of one's own. */
  readonly own: string;
  /** How one of each class is named in a sentence: "a 3", "a boot", "“lemon”". */
  readonly named: readonly string[];
}

/** The most classes that a question names. */
const mostAsked = 4;

export function wordsFor({ data, classNames, classes, channels }: About): Words {
  const known = knownByName(data, classes);
  const kind = known?.kind ?? kindByNames(classNames);
  const names = classNames?.length === classes ? classNames : known?.classNames;
  const drawn = channels === 1 && (known ? known.drawn : kind === "digit" || kind === "letter");
  const one = kind === undefined ? "a picture" : withArticle(kind);
  const many = kind === undefined ? "pictures" : (plurals[kind] ?? `${kind}s`);
  const named = Array.from({ length: classes }, (_, label) => nameOf(label, names?.[label], kind, known !== undefined));
  return {
    one,
    many,
    drawn,
    pad: drawn ? `draw ${one}` : "pick a picture below, or take one of your own",
    question: questionOf(named, kind, drawn),
    own: drawn ? `A photo of ${one} on paper` : "A picture of your own",
    named,
  };
}

const plurals: { readonly [K in Kind]?: string } = { "piece of clothing": "pieces of clothing" };

/** Classes that are called 0 to 9 are digits, and those called by one letter each are letters. */
function kindByNames(names: readonly string[] | undefined): Kind | undefined {
  if (names === undefined || names.length < 2) return undefined;
  if (names.every((name) => /^\d$/.test(name))) return "digit";
  return names.every((name) => /^\p{L}$/u.test(name)) ? "letter" : undefined;
}

/** The name of a class in a sentence. A name of the user's own is quoted, because it may be any word. */
function nameOf(label: number, name: string | undefined, kind: Kind | undefined, known: boolean): string {
  if (kind === "digit" || kind === "letter") return withArticle(name ?? String(label));
  if (name === undefined) return `class ${label}`;
  if (!known) return `“${name}”`;
  // Words in the plural have no article, and signs of a script are not words.
  if (kind === "character") return `“${name}”`;
  const word = /^[A-Z][a-z]+$/.test(name) ? name.toLowerCase() : name;
  return /[^s]s$/.test(word) ? word : withArticle(word);
}

function withArticle(word: string): string {
  // "an 8", "an A", "an F", but "a U".
  const vowel = word.length === 1 ? /[8aefhilmnorsx]/i : /^[aeiou]/i;
  return `${vowel.test(word) ? "an" : "a"} ${word}`;
}

function questionOf(named: readonly string[], kind: Kind | undefined, drawn: boolean): string {
  if (named.length <= mostAsked && !(drawn && kind === "digit" && named.length === 10)) {
    return `Is it ${named.slice(0, -1).join(", ")} or ${named.at(-1)}?`;
  }
  return kind === undefined ? `Which of the ${named.length} classes is it?` : `Which ${kind} is it?`;
}
