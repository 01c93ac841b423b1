import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import type { ReportSettings } from "../../src/queue/report/report.ts";
import { need } from "../need.ts";
import { failed, make, message, notice, see } from "../queue/report/samples.ts";
import { Directory } from "../running.ts";

/** What a configuration says under `bounces`. */
function bounces(written: object, directory: Directory): Partial<ReportSettings> {
  const file = directory.write("postmaster.yaml", { queue: { bounces: written } });
  return parseConfig(Deno.readTextFileSync(file), file).queue!.bounces;
}

Deno.test({
  name: "bounces are in German, from an address and in words of one's own",
  ...need("python3"),
  fn: async () => {
    using directory = new Directory();
    directory.write("bounce.txt", "Zurück, {sender}!\n{recipients}\n");
    const [german, own] = await see([
      ...await make(message(), [notice("failed", failed)], undefined, {
        ...bounces({ language: "de", from: "postmaster@example.net" }, directory),
      }),
      ...await make(message(), [notice("failed", failed)], undefined, {
        ...bounces({
          texts: { bounce: { subject: "Kaputt: {subject} é", file: "bounce.txt" } },
          words: { sender: "Müller, Post" },
        }, directory),
      }),
    ]);
    assert.equal(german!.subject, "Ihre Nachricht konnte nicht zugestellt werden");
    assert.equal(german!.fields["From"], "Mailserver <postmaster@example.net>");
    assert.match(german!.parts[0]!.content, /vom 28\. November 2026/);
    assert.equal(own!.subject, "Kaputt: Lunch é");
    assert.equal(
      own!.fields["From"],
      "=?UTF-8?Q?M=C3=BCller=2C_Post?= <MAILER-DAEMON@mx.example.net>",
    );
    assert.match(
      own!.parts[0]!.content,
      /^Zur\xc3\xbcck, jane@example\.com!\r\n {2}joe@example\.net/,
    );
  },
});

Deno.test("mistakes in the texts of bounces are found before anybody is told", () => {
  using directory = new Directory();
  directory.write("bounce.txt", "{recipient}");
  directory.write("good.txt", "{recipients}");
  const mistakes: readonly [object, RegExp][] = [
    [
      { texts: { bounce: { text: "{recipient}" } } },
      /unknown placeholder \{recipient\}: did you mean `recipients`\?/,
    ],
    [{ texts: { delay: { file: "bounce.txt" } } }, /unknown placeholder \{recipient\}/],
    [{ texts: { delay: { file: "none.txt" } } }, /there is no file .*none\.txt/],
    [{ texts: { delay: { file: "good.txt", text: "x" } } }, /remove `text` or `file`/],
    [{ words: { later: "{date}" } }, /unknown placeholder \{date\}/],
    [{ from: "nobody" }, /is not a mailbox/],
    [{ language: "fr" }, /one of `en`, `de`/],
  ];
  for (const [written, wanted] of mistakes) {
    assert.throws(() => bounces(written, directory), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.problems.map(({ message }) => message).join("\n"), wanted);
      return true;
    });
  }
});
