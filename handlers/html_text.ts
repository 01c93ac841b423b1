/**
 * The text of HTML.
 * @module
 */
import { decodeHTML } from "entities";
import { Tokenizer } from "htmlparser2";
import { type Mask, MASKED_LETTER } from "./masks.ts";

/** Elements whose content has no elements in it: most of it is not shown. */
const NO_TEXT: ReadonlySet<string> = new Set(
  "iframe noembed noframes plaintext script style textarea title xmp".split(" "),
);
/** Characters of the longest name among them. */
const MAX_NAME = 9;

/** Hides all that is no text: tags with their attributes, comments, declarations, scripts, style sheets. */
export function html(): Mask {
  /** What has come, from `start` on: the last piece, and what may be the name of an element before it. */
  let text = "", start = 0;
  /** What is seen of it, up to `end`. */
  let seen = "", end = 0;
  let isText = true;
  const nothing = () => {};
  const tokenizer = new Tokenizer({ decodeEntities: false }, {
    ontext: (from, to) => {
      if (!isText) return;
      const first = Math.max(from, end); // what may have been the beginning of a tag is hidden by now
      seen += " ".repeat(first - end) + text.slice(first - start, to - start);
      end = to;
    },
    onopentagname: (from, to) => {
      if (to - from <= MAX_NAME) {
        isText = !NO_TEXT.has(text.slice(from - start, to - start).toLowerCase());
      }
    },
    onclosetag: () => void (isText = true),
    ...{ onattribdata: nothing, onattribentity: nothing, onattribend: nothing },
    ...{ onattribname: nothing, oncdata: nothing, oncomment: nothing, ondeclaration: nothing },
    ...{ onend: nothing, onopentagend: nothing, onprocessinginstruction: nothing },
    ...{ onselfclosingtag: nothing, ontextentity: nothing },
  });
  const entities = references();
  return (piece, last) => {
    start += Math.max(0, text.length - MAX_NAME);
    text = text.slice(-MAX_NAME) + piece;
    seen = "";
    tokenizer.write(piece);
    const all = start + text.length;
    seen += " ".repeat(all - end);
    end = all;
    return entities(seen, last);
  };
}

/** Octets of the longest reference. */
const MAX_REFERENCE = 40;
const REFERENCE = new RegExp(`&[#0-9A-Za-z]{1,${MAX_REFERENCE - 1}};?`, "g");
const OPEN = new RegExp(`&[#0-9A-Za-z]{0,${MAX_REFERENCE - 1}}$`);

/** Hides character references: as letters, or as space if they certainly are none. */
function references(): Mask {
  let held = "";
  return (text, last) => {
    const all = held + text;
    const open = last ? null : OPEN.exec(all.slice(-MAX_REFERENCE));
    const end = all.length - (open?.[0].length ?? 0);
    held = all.slice(end);
    return all.slice(0, end).replace(
      REFERENCE,
      (reference) => (isLetter(reference) ? MASKED_LETTER : " ").repeat(reference.length),
    );
  };
}

/** False if the reference is certainly no part of a word. */
function isLetter(reference: string): boolean {
  const text = decodeHTML(reference);
  return !reference.endsWith(";") || text === reference ||
    /[\p{L}\p{N}\p{M}\p{Cf}\ufffd]/u.test(text);
}

/** A text as it is written in HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;" }[character] ?? "&gt;"));
