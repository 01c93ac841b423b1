/**
 * What the names and the passwords of users may be.
 * @module
 */
import { saslprep } from "@mongodb-js/saslprep";
import { messageOf } from "../base/message_of.ts";

/** The least number of characters in a password that is set here. */
const SHORTEST = 8;
/** The most octets of a name or a password: all that every implementation of PLAIN takes (RFC 4616 section 2). */
const LONGEST = 255;

/**
 * A name that every mechanism can carry and that a line of a password file can have.
 *
 * @throws {TypeError} that says what is wrong
 */
export function userName(text: string): string {
  const [odd] = /[\p{C}\s:]|^#/u.exec(text) ?? [];
  if (text === "") throw new TypeError("Give the name of a user, such as joe or joe@example.net.");
  if (odd !== undefined) {
    throw new TypeError(
      `A user's name has no ${KINDS[odd] ?? `character ${codeOf(odd)}`}${
        odd === "#" ? " first" : ""
      }.`,
    );
  }
  if (octetsOf(text) > LONGEST) throw new TypeError(`A user's name has at most ${LONGEST} octets.`);
  const clients = prepare(text, "A user's name");
  if (clients !== text) throw new TypeError(`Clients send this name as ${clients}: write that.`);
  return text;
}

const KINDS: Readonly<Record<string, string>> = { " ": "space", ":": "colon", "#": "#" };

const codeOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

/**
 * A new password as clients should send it (RFC 4013).
 *
 * @throws {TypeError} that says what is wrong, and does not repeat the password
 */
export function newPassword(text: string): string {
  if (text === "") throw new TypeError("the password is empty");
  const password = prepare(text, "the password");
  const { length } = [...password];
  if (length < SHORTEST) {
    throw new TypeError(
      `the password has only ${length} character${length === 1 ? "" : "s"}: ` +
        `take ${SHORTEST} or more, or let --generate make one`,
    );
  }
  if (octetsOf(password) > LONGEST) {
    throw new TypeError(`the password has more than ${LONGEST} octets: take a shorter one`);
  }
  return password;
}

const octetsOf = (text: string): number => new TextEncoder().encode(text).length;

function prepare(text: string, what: string): string {
  try {
    return saslprep(text);
  } catch (error) {
    const isEmpty = error instanceof TypeError; // the library fails at an empty text that was none
    const [reason] = isEmpty ? ["Only invisible characters"] : messageOf(error).split(",");
    throw new TypeError(`${what} is not the same from all clients (RFC 4013): ${reason}`);
  }
}
