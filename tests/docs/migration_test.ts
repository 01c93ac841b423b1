import assert from "node:assert/strict";
import { parse } from "yaml";
import { importPostfix } from "../../src/cli/import/postfix.ts";
import { settingsSchema } from "../../src/config/mod.ts";
import { readingIn } from "../../src/base/reading.ts";

const page = Deno.readTextFileSync(new URL("../../docs/migration.md", import.meta.url));

/** The rows of a section: the setting, and the cell beside it. */
const rowsOf = (title: string): readonly (readonly [setting: string, here: string])[] => {
  const section = page.split(/^## /m).find((one) => one.startsWith(title)) ?? "";
  return [...section.matchAll(/^\| `(.+?)` +\| (.+?) +\|$/gm)].map(([, one, other]) =>
    [one!, other!] as const
  );
};

/** The configuration in a cell; `undefined` for advice in words. */
const configurationIn = (here: string): unknown => {
  const [, yaml] = /^`([a-z-]+: .+)`$/.exec(here) ?? [];
  return yaml === undefined ? undefined : parse(yaml);
};

for (const title of ["Postfix", "Exim", "Haraka", "Sendmail"]) {
  Deno.test(`what migration.md says of ${title} is a configuration`, () => {
    const rows = rowsOf(title);
    assert.ok(rows.length >= 40, `${rows.length} rows`);
    for (const [setting, here] of rows) {
      const configuration = configurationIn(here);
      if (configuration === undefined) {
        assert.match(here, /\.$/, setting);
        continue;
      }
      const { error } = readingIn("/nowhere", () => settingsSchema.safeParse(configuration));
      const faults = error?.issues.filter((issue) =>
        !/there is no file/.test(JSON.stringify(issue))
      );
      assert.deepEqual(faults ?? [], [], `${setting}: ${here}`);
    }
  });
}

const CERTIFICATE = "smtpd_tls_cert_file = mx.pem\nsmtpd_tls_key_file = mx.key\n";

Deno.test("what migration.md says of Postfix is what `import postfix` makes", () => {
  for (const [setting, here] of rowsOf("Postfix")) {
    const tls = setting.includes("protocols") ? CERTIFICATE : "";
    const main = `mydestination = example.org
${tls}${setting}`;
    const draft = importPostfix({ main, directory: "/nowhere" });
    const made = parse(draft.print("")) as Record<string, unknown>;
    const [name] = setting.split(" ");
    const wanted = configurationIn(here) as Record<string, unknown> | undefined;
    if (wanted === undefined) {
      assert.ok(draft.notes.some((note) => note.setting.startsWith(name!)), setting);
      continue;
    }
    for (const [key, value] of Object.entries(wanted)) contains(made[key], value, setting);
  }
});

/** Complains unless a value has all of another one: the keys of a mapping, the items of a list. */
function contains(made: unknown, wanted: unknown, message: string): void {
  if (Array.isArray(wanted)) {
    for (const item of wanted) {
      assert.ok(
        (made as unknown[]).some((one) => JSON.stringify(one) === JSON.stringify(item)),
        `${message}: ${JSON.stringify(made)} has no ${JSON.stringify(item)}`,
      );
    }
  } else if (typeof wanted === "object" && wanted !== null) {
    for (const [key, value] of Object.entries(wanted)) {
      contains((made as Record<string, unknown>)[key], value, message);
    }
  } else assert.deepEqual(made, wanted, message);
}
