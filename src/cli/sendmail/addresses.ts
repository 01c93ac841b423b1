/**
 * Addresses as people and programs write them (RFC 5322 section 3.4): with names, comments, groups and quotes, and without
 * a domain, such as `root`, which the library for addresses refuses. What is no address is passed on as it is, and the
 * server says so to the sender.
 * @module
 */

/**
 * The addresses in a list such as `Joe <joe@example.net>, jane (at home), team: ann, bob;`. Takes linear time.
 */
export function addressesIn(text: string): string[] {
  const found: string[] = [];
  let bare = "";
  let angle: string | undefined;
  const end = () => {
    const address = angle ?? (angle = undefined, withoutSpace(bare));
    if (address !== "" || angle !== undefined) found.push(address);
    bare = "";
    angle = undefined;
  };
  for (let at = 0; at < text.length;) {
    const char = text[at]!;
    if (char === "(") at = endOfComment(text, at);
    else if (char === '"') {
      const to = endOfQuoted(text, at);
      bare += text.slice(at, to);
      at = to;
    } else if (char === "<") {
      const to = endOfAngle(text, at);
      angle = withoutRoute(text.slice(at + 1, to).trim());
      at = to + 1;
    } else {
      if (char === "," || char === ";") end();
      else if (char === ":") bare = ""; // the name of a group
      else bare += char;
      at++;
    }
  }
  end();
  return found;
}

/** White space around the parts of an address is none of it; that in a quoted local part is. */
const withoutSpace = (text: string): string =>
  text.trim().replace(/("(?:\\.|[^"\\])*")|\s+(?=[@.])|(?<=[@.])\s+/g, "$1");

/** Without an obsolete source route, `@a,@b:`. */
const withoutRoute = (address: string): string =>
  address.startsWith("@") ? address.slice(address.indexOf(":") + 1) : address;

function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** Where the `>` is: not one in quotes. */
function endOfAngle(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') at = endOfQuoted(text, at) - 1;
    else if (text[at] === ">") return at;
  }
  return text.length;
}
