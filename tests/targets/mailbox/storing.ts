/**
 * Messages for mailboxes, and processes that store them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { encode } from "../../../src/smtp/ascii.ts";
import type { MailValues } from "../../../src/targets/mailbox/store.ts";

export const JOE: MailValues = {
  ...{ user: "joe", local: "joe", domain: "example.net", extension: "", home: undefined },
  sender: "jane@example.org",
};

export async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(encode(text));
}

const HERE = fileURLToPath(new URL("../../../", import.meta.url));

/** A process that stores messages with these subjects in a mailbox; `prefix` runs it. */
export async function storing(
  kind: "Maildir" | "Mbox",
  mailbox: object,
  subjects: readonly string[],
  prefix: readonly string[] = [],
): Promise<{ readonly code: number; readonly said: string }> {
  const module = `
    import { storeIn${kind} } from "./src/targets/mailbox/${kind.toLowerCase()}.ts";
    import { chunks, JOE } from "./tests/targets/mailbox/storing.ts";
    for (const subject of ${JSON.stringify(subjects)}) {
      const message = chunks("Subject: " + subject + "\\n\\n", "From here\\n".repeat(1000));
      await storeIn${kind}(${JSON.stringify(mailbox)}, JOE, message);
    }`;
  const [program = "", ...args] = [
    ...prefix,
    ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-code-cache"],
    `data:text/typescript,${encodeURIComponent(module.replaceAll('"./', `"file://${HERE}`))}`,
  ];
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** What Python's module `mailbox` reads: the subject of each message, and the lines of its body. */
export async function readByPython(
  kind: "Maildir" | "mbox",
  path: string,
): Promise<readonly { readonly subject: string; readonly lines: readonly string[] }[]> {
  const script = `
import json, mailbox, sys
box = mailbox.${kind}(sys.argv[1], create=False)
print(json.dumps([{"subject": m["subject"], "lines": m.get_payload().splitlines()} for m in box]))`;
  const { stdout, stderr, success } = await new Deno.Command("python3", {
    args: ["-c", script, path],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
