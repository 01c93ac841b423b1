/**
 * Texts of which not all is to be read.
 * @module
 */

/**
 * Puts other octets, as many, in the place of what is no text. It may hold some back until more has come, or until it
 * is told that nothing more does.
 */
export type Mask = (text: string, last: boolean) => string;

/** Stands for a letter that is written in another way: whatever touches it is no whole word. */
export const MASKED_LETTER = "\xff";

const BEGINNING = "-----BEGIN PGP ";

/**
 * Hides what OpenPGP signed or encrypted right in a text (RFC 9580 section 6.2): from the first line on that begins such
 * a block, there is no text any more.
 */
export function openPgp(): Mask {
  let begun = false;
  let line = "\n";
  return (text) => {
    if (begun) return " ".repeat(text.length);
    const all = line + text;
    const at = all.indexOf(`\n${BEGINNING}`);
    begun = at >= 0;
    // What may be a beginning; of a longer line, that it is none.
    const last = all.slice(all.lastIndexOf("\n"));
    const shown = begun ? at + 1 + BEGINNING.length - line.length : text.length;
    line = last.length > BEGINNING.length ? " " : last;
    return text.slice(0, shown) + " ".repeat(text.length - shown);
  };
}

/**
 * Text that flows, with `DelSp=yes` (RFC 3676 section 4.1): a space at the end of a line goes away with the line break,
 * and what stands around it is one word. Of two spaces one is left.
 */
export function flowed(): Mask {
  let held = "";
  let before = " ";
  return (text, last) => {
    const all = before + held + text;
    const open = last ? 0 : /(?: \r?)?$/.exec(all.slice(1))![0].length;
    const end = all.length - open;
    const seen = all.slice(0, end).replace(/(?<! ) \r\n/g, MASKED_LETTER.repeat(3)).slice(1);
    held = all.slice(end);
    before = all[end - 1]!;
    return seen;
  };
}
