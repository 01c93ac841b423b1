/**
 * The names by which programs call `sendmail`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory, postmaster } from "../running.ts";

Deno.test("a name of another program stays, or is moved away and comes back", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", { drop: { directory: directory.of("drop") } });
  const install = (...args: string[]) =>
    postmaster("install-sendmail", "--config", config, "--dir", directory.path, ...args);
  directory.write("mailq", "another program's");
  const refused = await install();
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /\/mailq: another program is there: remove its package, or say --force/,
  );
  assert.ok(!directory.list().includes("sendmail"), "nothing was made");

  assert.equal((await install("--force")).code, 0);
  assert.match(
    directory.read("mailq"),
    /^#!\/bin\/sh\n.*\nexec .* 'sendmail' '--drop=.*\/drop' '-C' '.*\/postmaster\.yaml' -bp "\$@"\n$/,
  );
  assert.equal((await install()).code, 0, "its own names are no others'");

  assert.equal((await install("--remove")).code, 0);
  assert.equal(directory.read("mailq"), "another program's");
  assert.deepEqual(directory.list().toSorted(), ["mailq", "postmaster.yaml"]);
});
