/**
 * Words, and what stands in their place.
 * @module
 */

/** What a word consists of: letters, digits, and the marks on them. */
const OF_WORDS = String.raw`[\p{L}\p{N}\p{M}]`;

/** What must not stand beside a whole word: nobody knows whether octets that could not be decoded are letters. */
const BESIDE = String.raw`[\p{L}\p{N}\p{M}\ufffd]`;

/** True for a text that is one word. */
export const isWord = (text: string): boolean => new RegExp(`^${OF_WORDS}+$`, "u").test(text);

/** Words to be replaced, whatever their case. */
export class Words {
  /** Finds them, as whole words, in a text. */
  readonly pattern: RegExp;
  readonly #replacements: ReadonlyMap<string, string>;

  /**
   * @param replacements by the words
   * @throws {TypeError} for what is not one word
   */
  constructor(replacements: Readonly<Record<string, string>>) {
    const wrong = Object.keys(replacements).find((word) => !isWord(word));
    if (wrong !== undefined) throw new TypeError(`${JSON.stringify(wrong)} is not one word`);
    const entries = Object.entries(replacements);
    this.#replacements = new Map(entries.map(([word, by]) => [word.toLowerCase(), by]));
    const any = entries.length === 0 ? "(?!)" : entries.map(([word]) => word).join("|");
    this.pattern = new RegExp(`(?<!${BESIDE})(?:${any})(?!${BESIDE})`, "giu");
  }

  /** What a word that was found becomes, in its case: no, No and NO become yes, Yes and YES. */
  replacement(word: string): string | undefined {
    const by = this.#replacements.get(word.toLowerCase());
    if (by === undefined || word === word.toLowerCase()) return by;
    const [first = "", ...rest] = word;
    if (rest.length > 0 && word === word.toUpperCase()) return by.toUpperCase();
    if (first === first.toLowerCase()) return by;
    const [initial = "", ...others] = by;
    return initial.toUpperCase() + others.join("");
  }
}
