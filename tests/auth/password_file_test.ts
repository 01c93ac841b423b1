/**
 * The file of users and their secrets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Hashes } from "../../src/auth/hashes.ts";
import { parsePasswords } from "../../src/auth/password_file.ts";
import { mechanismsOf } from "../../src/auth/user_secrets.ts";
import { PasswordUsers } from "../../src/auth/users.ts";
import { ConfigError } from "../../src/base/problem.ts";
import { Secret } from "../../src/base/secret.ts";

const BCRYPT = "$2y$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.";
const SCRAM =
  "SCRAM-SHA-256$4096:8nZW+Mx3nFzRDCMzc8RWtg==$qd6ovQdSsnpfY8aGx8ma0TQdncpNqBcsLnSjD+GFwJ0=:yqkfb4iYkcXKLty/NRBTTxYBHAbxRJZbuyolVS686hA=";

Deno.test("parsePasswords() reads users, comments and several secrets", () => {
  const users = parsePasswords(
    `# comment\n\njoe: ${BCRYPT} ${SCRAM}\r\njane@example.net:${BCRYPT}\n`,
    "passwords",
  );
  assert.deepEqual([...users.keys()], ["joe", "jane@example.net"]);
  const { hash, scram } = users.get("joe")!;
  assert.equal(hash, BCRYPT);
  assert.equal(scram.sha256?.iterations, 4096);
  assert.equal(scram.sha1, undefined);
  assert.equal(users.get("jane@example.net")?.hash, BCRYPT);
});

Deno.test("what the tools of Apache, Dovecot and argon2 write for a password is taken", async () => {
  const written: readonly (readonly [string, string])[] = [
    ["htpasswd -nbBC 5", "$2y$05$YlW8g5WLU7dUmNs2PeAfcOcnFDMVBtDJgVqTn55Zl5rNtS6rTEgqu"],
    [
      "doveadm pw -s ARGON2ID",
      "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$ySysOzYtqehoArygyPV2zA$lSvPkTv2dA3Kheg/M/oVEVCILtRVH0savkpJX0AUjkE",
    ],
    [
      "doveadm pw -s BLF-CRYPT",
      "{BLF-CRYPT}$2y$05$oJteJbb43u0mLG417gasO.kUEJj.6P247En.1oPcDQz9rkjh70KkK",
    ],
    ["doveadm pw", "{CRYPT}$2y$05$D.jmk2FmAHt6YWmKvPg0W.jqtxlF7JahHI/ANNclVxUKOyxK9eO0K"],
    [
      "doveadm pw -s SCRAM-SHA-256",
      "{SCRAM-SHA-256}4096,8nZW+Mx3nFzRDCMzc8RWtg==,qd6ovQdSsnpfY8aGx8ma0TQdncpNqBcsLnSjD+GFwJ0=,yqkfb4iYkcXKLty/NRBTTxYBHAbxRJZbuyolVS686hA=",
    ],
    [
      "doveadm pw -s SCRAM-SHA-1",
      "{SCRAM-SHA-1}4096,FRAghywegEnOW5BwMa9wTg==,KpppkXs2X2cz7unTGsEh3csxo9c=,fsZYQ8k3u0b4q3DhRvenH32McWw=",
    ],
    [
      "argon2 -id -m 14 -t 2 -p 2 -e",
      "$argon2id$v=19$m=16384,t=2,p=2$c2FsdHNhbHRzYWx0$0t2lMleKljXgT+CrVT+KAkEHF/Mf5j01S42g0sdZFbQ",
    ],
  ];
  using hashes = new Hashes();
  for (const [tool, secret] of written) {
    const table = parsePasswords(`joe:${secret}\n`, "passwords");
    const users = new PasswordUsers(() => table, hashes, () => new Uint8Array());
    const verdicts = [
      await users.verify("joe", new Secret("correct horse")),
      await users.verify("joe", new Secret("battery staple")),
      await users.verify("jane", new Secret("correct horse")),
    ];
    assert.deepEqual(verdicts.map((verdict) => "user" in verdict), [true, false, false], tool);
  }
});

Deno.test("mechanismsOf() knows which secrets a mechanism needs", () => {
  const users = parsePasswords(`joe: ${BCRYPT}\njane: ${SCRAM}\n`, "passwords");
  assert.deepEqual([...users.values()].map(mechanismsOf), [
    ["PLAIN", "LOGIN"],
    ["PLAIN", "LOGIN", "SCRAM-SHA-256"],
  ]);
});

Deno.test("parsePasswords() says which lines are wrong, and repeats no secret", () => {
  const argon2 = (parameters: string) =>
    `joe: $argon2id$v=19$${parameters}$Z2VoZWltc2FseiE$Z2VoZWlt`;
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["joe", /^passwords:1: a line must be `user: SECRET`$/],
    ["joe:", /^passwords:1: a line must be `user: SECRET`$/],
    [`joe: ${BCRYPT}\njoe: ${BCRYPT}`, /^passwords:2: the user `joe` is here for the second time/],
    ["\njoe: geheim", /^passwords:2: .* neither a hash .*; make .* `postmaster user passwd joe`$/],
    ["joe: $1$abc$geheim\njane: geheim", /^passwords:1: .*\npasswords:2: .*`jane` is of no use/],
    [`joe: ${SCRAM.replace("qd6", "q")}`, /neither/],
    [`joe: ${SCRAM.replace("4096", "0")}`, /neither/],
    [`joe: ${SCRAM.replace("4096", "99999999")}`, /iterations of SCRAM is 99999999, .* 1000000/],
    [`joe: ${BCRYPT.replace("$04", "$15")}`, /the cost of bcrypt is 15, .* more than 14/],
    [`joe: ${BCRYPT.replace("$04", "$32")}`, /neither/],
    [argon2("m=1048576,t=1,p=1"), /the memory m of argon2 is 1048576, .* more than 262144/],
    [argon2("m=65536,t=17,p=1"), /times the passes t of argon2 is 1114112, .* than 1048576/],
    [argon2("m=65536,t=0,p=1"), /neither/],
    [argon2("m=8,t=1,p=2"), /neither/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parsePasswords(text, "passwords"), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /geheim|Z2Vo/);
      return true;
    });
  }
});
