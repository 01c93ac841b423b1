/**
 * What was seen of a session from outside.
 * @module
 */

/** A message that a target was given. */
export interface Delivered {
  /** The sender, `""` for the null path. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The message with its `Received`, one character an octet. */
  readonly message: string;
  /** How many octets of replies the client had been sent by then. */
  readonly after: number;
}

/** A session so far. */
export interface Heard {
  /** What the client has sent, one character an octet. */
  readonly sent: string;
  /** What the server has said. */
  readonly said: string;
  readonly delivered: readonly Delivered[];
  /** The server has ended the session. */
  readonly closed: boolean;
  /** The client sends no more, or is not there any more. */
  readonly client: "there" | "done" | "gone";
  /** Where in `sent` TLS began, or did not come to be. */
  readonly secured: readonly { readonly at: number; readonly ok: boolean }[];
}

/** What is heard of a session while it goes on. */
export class Recording implements Heard {
  sent = "";
  said = "";
  readonly delivered: Delivered[] = [];
  closed = false;
  client: Heard["client"] = "there";
  readonly secured: { at: number; ok: boolean }[] = [];
}

/** A reply. */
export interface Reply {
  readonly code: number;
  /** The enhanced status code that all lines have. */
  readonly status: string | undefined;
  readonly lines: readonly string[];
  /** Where in what the server has said it ends. */
  readonly end: number;
}

/** Reads replies (RFC 5321 section 4.2), or says what is no reply. */
export function readReplies(said: string): Reply[] | string {
  const replies: Reply[] = [];
  for (let at = 0; at < said.length;) {
    const lines: string[] = [];
    let code: string | undefined;
    for (let more = true; more;) {
      const end = said.indexOf("\r\n", at);
      const line = end < 0 ? said.slice(at) : said.slice(at, end);
      const [, digits, mark, text = ""] = /^([2-5][0-5]\d)([ -])([\t -~]*)$/.exec(line) ?? [];
      if (end < 0 || digits === undefined || (code ?? digits) !== digits) {
        return `the server says what is no reply: ${JSON.stringify(line)}`;
      }
      if (line.length > 510) return `a line of a reply is too long: ${JSON.stringify(line)}`;
      code = digits;
      lines.push(text);
      at = end + 2;
      more = mark === "-";
    }
    const [first] = lines[0]!.split(" ");
    const isStatus = /^[245]\.\d{1,3}\.\d{1,3}$/.test(first!) && first![0] === code![0] &&
      lines.every((line) => line.startsWith(`${first} `));
    replies.push({ code: Number(code), status: isStatus ? first : undefined, lines, end: at });
  }
  return replies;
}
