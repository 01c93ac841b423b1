/**
 * Character references of HTML (section 13.5 of its standard).
 *
 * @module
 */

/** Those that mail is full of and that are no letters. */
const NO_LETTERS: ReadonlySet<string> = new Set(
  ("nbsp amp AMP lt LT gt GT quot QUOT apos ndash mdash horbar hellip lsquo rsquo sbquo ldquo rdquo bdquo laquo raquo " +
    "lsaquo rsaquo bull middot copy COPY reg REG trade euro pound yen cent curren sect para deg plusmn times divide " +
    "minus frac12 frac14 frac34 iexcl iquest ensp emsp thinsp brvbar dagger Dagger permil larr rarr uarr darr " +
    "harr check cross star starf hearts spades clubs diams num excl quest colon semi comma period sol bsol lpar " +
    "rpar lsqb rsqb lcub rcub lowbar equals plus ast percnt dollar commat Hat grave vert Tab NewLine")
    .split(" "),
);

/** False if the entity, `&nbsp;` or `&#160;`, is certainly no part of a word. */
export function entityIsLetter(entity: string): boolean {
  if (entity[1] !== "#") return !NO_LETTERS.has(entity.slice(1, -1));
  const number = /^&#(?:(\d{1,7})|[xX]([0-9A-Fa-f]{1,6}));$/.exec(entity);
  if (number === null) return true;
  const point = number[1] === undefined ? parseInt(number[2]!, 16) : Number(number[1]);
  return point > 0x10ffff || /[\p{L}\p{N}\p{M}\p{Cf}]/u.test(String.fromCodePoint(point));
}

/** A text as it is written in HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;" }[character] ?? "&gt;"));
