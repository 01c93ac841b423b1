import assert from "node:assert/strict";
import { Directory } from "../running.ts";
import { ConfigError, loadConfig, type Overrides, parseConfig } from "../../src/config/mod.ts";

/** What is wrong with a configuration, `line:column message` each. */
function mistakesIn(text: string, file = "/nowhere/postmaster.yaml"): string[] {
  try {
    parseConfig(text, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

Deno.test("parseConfig() reports eleven mistakes at once, each where it is", () => {
  const text = `
hostname: mail_1.example.net
listen:
  - 127.0.0.1:2525
  - "2525"
domain: [example.net]
users: [joe, jane smith]
aliases:
  webmaster: joe@
mailer:
  command: [maildrop, -d, "{usr}"]
  user: no-such-user-here
handlers:
  - impatent
  - impatient: {bound: many}
limits:
  recipients: 0
  message-size: 50 parsecs
log: {level: debgu}
`;
  const expected: readonly [string, RegExp][] = [
    ["2:11", /^`hostname`: `mail_1\.example\.net` is no domain/],
    ["5:5", /^`listen\[1\]`: `2525` needs an address: 127\.0\.0\.1:2525/],
    ["6:1", /^unknown key `domain`: did you mean `domains`\?$/],
    ["7:14", /^`users\[1\]`: `jane smith` is no name of a local user/],
    ["9:14", /^`joe@` is no address: write joe@example\.net/],
    ["12:9", /^`mailer\.user`: this machine has no user `no-such-user-here`/],
    ["14:5", /^`handlers\[0\]`: there is no handler `impatent`: did you mean `impatient`\?/],
    ["15:24", /^`handlers\[1\]\.impatient\.bound`: must be a number; found `many`$/],
    ["17:15", /^`limits\.recipients`: must be 1 or more; found `0`$/],
    ["18:17", /^`limits\.message-size`: `50 parsecs` is not a size: .* such as `50 MiB`$/],
    ["19:14", /^`log\.level`: must be one of `trace`, .*; found `debgu`$/],
  ];
  const found = mistakesIn(text);
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const [i, [place, message]] of expected.entries()) {
    const [at, ...rest] = found[i]!.split(" ");
    assert.equal(at, place, found[i]);
    assert.match(rest.join(" "), message);
  }
});

const MISTAKES: readonly [string, string, RegExp][] = [
  ["dns: {validating: yes-sir}", "1:19", /`dns\.validating`: must be true, false or protected/],
  [
    "dns: {servers: [127.0.0.1, 192.0.2.53], validating: true}",
    "1:53",
    /`dns\.validating`: the DNS server 192\.0\.2\.53 is on another machine, .* write `protected`/,
  ],
  ["log: {stderr: false}", "1:6", /`log`: a log has to go somewhere: set `stderr: true`, `file`/],
  [
    "domains: [a.org]\nusers: [joe, jane]\naliases: {sales: [joe, nosuchuser], joe: [joe, jane]}",
    "3:24",
    /^3:24 `nosuchuser@a\.org` is neither a user nor an alias: mend the name, or add it to `users`/,
  ],
  [
    "domains: [a.org]\nusers: [joe]\naliases:\n  '\"@a.org\"': joe",
    "4:3",
    /`"@a\.org"` is a local part in quotes, and no address or domain: write @a\.org without them/,
  ],
  [
    "handlers: [alias: {a: joe, c: b@x.org, b@x.org: c@x.org}]",
    "1:31",
    /`handlers\[0\]\.alias\.c`: aliases go in a circle, b@x\.org -> c@x\.org -> b@x\.org: let one/,
  ],
  [
    "handlers: [{explode: {a: [joe, b], b: a}}]",
    "1:26",
    /aliases go in a circle, a -> b -> a/,
  ],
  ["user: no-such-user", "1:7", /`user`: this machine has no user `no-such-user`/],
  ["user: 99999", "1:7", /`user`: user 99999 has no group: set `group`/],
  ["group: mail", "1:8", /`group`: it goes with `user`: set that too/],
  ["run-as: mail", "1:9", /must be a list, each item a user such as `vmail`, or `{user: vmail, /],
  ["run-as: [mail, root]", "1:16", /`run-as\[1\]`: no handler's program may run as root/],
  ["run-as: [{user: mail, group: root}]", "1:10", /no handler's program may run as root/],
  ["run-as: [{group: mail}]", "1:10", /`run-as\[0\]/],
  ["handlers-as-root: yes!", "1:19", /must be `true` or `false`; found `yes!`/],
  ["hostname: 5", "1:11", /`5` is no domain/],
  ["hostname: [5]", "1:11", /must be a domain; found a list/],
  ["domains: [example.net, 192.0.2.1]", "1:24", /`192\.0\.2\.1` is no domain/],
  ["listen: 2525", "1:9", /`2525` needs an address: 127\.0\.0\.1:2525/],
  ["listen: {}", "1:9", /`listen.address`: this is missing: it must be an address/],
  [
    "listen: [':25', {address: ':465', kind: submissions}]",
    "1:17",
    /clients of `submissions` authenticate: say with/,
  ],
  [
    "auth: {}\nlisten: {address: ':465', kind: submissions}",
    "2:9",
    /are encrypted: give a certificate/,
  ],
  [
    "auth: {listeners: [smtp]}\nlisten: {address: ':1', kind: submission}",
    "2:9",
    /add `submission`/,
  ],
  ["listen: {address: ':25', proxy: []}", "1:33", /proxy/],
  ["listen: {address: ':25', proxy: [10.0.0.1/8]}", "1:34", /write 10\.0\.0\.0\/8 for all of it/],
  ["listen: {address: ':25', proxy: [haproxy]}", "1:34", /`haproxy` is no network/],
  [
    "listen: [{address: 'unix:/run/a', proxy: [10.0.0.1]}]",
    "1:42",
    /by a Unix socket has no address: write `proxy: \[unix\]`/,
  ],
  [
    "listen: [{address: 'unix:/run/a', xclient: [10.0.0.1]}]",
    "1:44",
    /write `xclient: \[unix\]`/,
  ],
  ["listen: {address: ':25', proxy: [unix]}", "1:33", /`listen\[0\]\.proxy`/],
  ["listen: [{address: ':25', proxy: [unix]}]", "1:34", /`unix` is for Unix sockets/],
  ["listen: [{address: ':25', xclient: [unix]}]", "1:36", /write networks such as/],
  ["listen: [{address: ':25', xclient-login: true}]", "1:42", /set `xclient`/],
  ["auth: {passwords: {}}", "1:19", /one of its keys is needed, and only one: `file`, /],
  ["auth: {passwords: {file: a, dovecot: b}}", "1:19", /one of its keys is needed, and only one/],
  ["auth: {passwords: {file: none}}", "1:26", /`auth\.passwords\.file`: there is no file/],
  ["auth: {passwords: {dovecot: inet:x}}", "1:29", /`inet:x` needs a host and a port, such as/],
  ["auth: {passwords: {http: {url: auth}}}", "1:32", /`auth` is no URL: write https:/],
  [
    "auth: {passwords: {http: {url: 'http://x.example.net/?key=1'}}}",
    "1:32",
    /others could read what is sent to http:\/\/x\.example\.net: use https, or a server on this/,
  ],
  [
    "auth: {passwords: {http: {url: 'http://127.0.0.1.example.net/'}}}",
    "1:32",
    /others could read what is sent/,
  ],
  ["auth: {passwords: {http: {url: 'https://a:b@c/'}}}", "1:32", /put a token into a file/],
  [
    "auth: {passwords: {http: {url: 'http://[::1]:1/', token-file: a}}}",
    "1:63",
    /`auth\.passwords\.http\.token-file`: there is no file \/nowhere\/a/,
  ],
  ["auth: {mechanisms: [PLAIN, XOAUTH2]}", "1:28", /`XOAUTH2` needs the key `oauth`: add that/],
  ["auth: {mechanisms: [SCRAM-SHA-256]}", "1:21", /needs `passwords: {file: …}`: add that/],
  ["auth: {mechanisms: [PLAIN, SCRAM-SHA-1]}", "1:28", /`SCRAM-SHA-1` needs `passwords: {file/],
  ["auth: {external: {}}", "1:18", /nobody is a user by a certificate/],
  [
    "auth: {external: {fingerprints: {ab: joe}}}",
    "1:38",
    /`ab` is no fingerprint: write a SHA-256/,
  ],
  [
    "auth: {external: {subjects: {CN=joe: joe}}}",
    "1:18",
    /clients are not asked for certificates: set `client-certificates: request`/,
  ],
  [
    "auth: {mechanisms: [XOAUTH2], oauth: {issuer: a, audience: b}}",
    "1:38",
    /one of `jwks` and `introspection` is needed/,
  ],
  [
    "auth: {mechanisms: [XOAUTH2], oauth: {audience: b, jwks: 'https://a/'}}",
    "1:38",
    /`auth\.oauth\.issuer`: this is missing/,
  ],
  ["listen: {kind: smtp}", "1:9", /`listen.address`: this is missing/],
  ['listen: [{address: ":25", kind: lmp}]', "1:33", /must be one of `smtp`, `submission`/],
  ["listen: 0x7f.1:25", "1:9", /`0x7f\.1:25` is no address to listen on/],
  ["listen: []", "1:9", /must be a list with 1 item or more; found an empty list/],
  ["listen: *:25", "1:9", /write "\*:25", in quotes/],
  ["listen: [::1]:25", "1:14", /put the whole value in quotes/],
  ["foo: bar", "1:1", /unknown key `foo`: write one of `hostname`, `authserv-id`, `listen`/],
  ["domains:", "1:9", /must be a list of domains, such as \[example\.net\]; found nothing/],
  ["domains: [a b]", "1:11", /`a b` is no domain/],
  ["users: all", "1:8", /a list of names, `passwd`, `{passwd: {min-uid: 1000}}` or `{file: PATH}`/],
  [
    "users: {passwd: {min-uid: x}}",
    "1:27",
    /`users\.passwd\.min-uid`: must be a whole number; found `x`/,
  ],
  ["users: {passwd: {minuid: 5}}", "1:18", /unknown key `minuid`: did you mean `min-uid`\?/],
  ["users: {file: none}", "1:15", /there is no file \/nowhere\/none: create it, or mend its path/],
  ["recipient-delimiter: ab", "1:22", /one character such as "\+", or "" for none; found `ab`/],
  ["aliases: joe", "1:10", /a mapping such as `webmaster: joe`, `{file: PATH}`, or a list of both/],
  ["aliases: {a: {}}", "1:14", /`aliases\.a`: must be an address or a list of addresses; found a /],
  ["aliases: [{a: b}, {c: [d, {}]}]", "1:27", /`aliases\[1\]\.c\[1\]`: must be an address such as/],
  ["aliases: [{file: none}]", "1:18", /`aliases\[0\]\.file`: there is no file \/nowhere\/none/],
  ["aliases: {a b: joe}", "1:11", /`a b` is no alias: write webmaster@example\.net/],
  ["aliases: [{a: b}, {A: c}]", "1:20", /the alias `A` is here for the second time/],
  [
    "domains: [example.org]\naliases: {x@example.com: joe}",
    "2:11",
    /not one of `domains`: did you mean `example\.org`\?/,
  ],
  [
    "aliases: {a: [b, joe@else.example]}",
    "1:18",
    /neither in one of `domains`, nor can mail be relayed/,
  ],
  [
    "domains: [a.org]\naliases: {x: y, z: x, y: z}",
    "2:11",
    /in a circle, x@a\.org -> y@a\.org -> z@a\.org -> x@a\.org/,
  ],
  [
    "domains: [a.org]\naliases: {'@a.org': b, b: c}",
    "2:11",
    /in a circle, b@a\.org -> c@a\.org -> b@a\.org/,
  ],
  ["mailer: procmail", "1:9", /must be a mapping/],
  [
    "mailer: {command: procmail}",
    "1:19",
    /must be a list, the program and its arguments, such as \[maildrop/,
  ],
  ['mailer: {command: [x, "{usr}"]}', "1:19", /unknown placeholder {usr}.*did you mean {user}\?/],
  [
    'handlers: [{passwd: {command: [x, "{usr}"]}}]',
    "1:31",
    /unknown placeholder {usr}.*did you mean {user}\?/,
  ],
  ["mailer: {command: [x, {user}]}", "1:23", /must be a text: put it in quotes; found a mapping/],
  ["mailer: {group: no-such-group-here}", "1:17", /this machine has no group `no-such-group-here`/],
  ["mailer: {timeout: 5}", "1:19", /`5` is not a duration: .* such as `5 min`/],
  ["handlers: [early-talkers: {delay: 51 s}]", "1:35", /make it 50 s or less/],
  [
    "limits: {handler-timeout: 5 s}\nhandlers: [early-talkers: {delay: 5 s}]",
    "2:12",
    /`early-talkers` holds answers back for up to 5 s, .*`handler-timeout` ends it after 5 s/,
  ],
  ["limits: {handler-timeout: 20 s}\nhandlers: [tarpit]", "2:12", /`tarpit` holds answers back/],
  ["mailer: {timeout: 30 d}", "1:19", /`30 d` is too long: make it 24 d or less/],
  ["relay: {}", "1:8", /one of `mx`, `via` and `command` says where mail goes/],
  ['relay: {command: [x, "{"]}', "1:18", /{ without its partner/],
  ["deliver: later", "1:10", /must be one of `queued`, `before-reply`; found `later`/],
  ["log: {syslog: {host: 127.1}}", "1:22", /`127\.1` is no machine: write its name/],
  [
    "handlers: [{alias: {Joe@example.net: a, joe@Example.net: b}}]",
    "1:58",
    /the alias `joe@Example\.net` is here for the second time: keep one/,
  ],
  ["handlers: [{rename-header: {A: b, a: c}}]", "1:38", /`a` means the same as `A`/],
  ["handlers: [{rewrite-sender: {'@A.x': '@b', '@a.x': '@c'}}]", "1:52", /means the same as `@A/],
  ["handlers: [{rewrite-text: {replace: {No: a, no: b}}}]", "1:49", /means the same as `No`/],
  [
    "handlers: [{relay-to: {networks: [192.0.2.0/24, 10.1.0.5/16]}}]",
    "1:49",
    /`handlers\[0\]\.relay-to\.networks\[1\]`: .* write 10\.1\.0\.0\/16 for all of it/,
  ],
  [
    "handlers: [relay-to: {domains: [example.org]}]",
    "1:12",
    /`handlers\[0\]`: `relay-to` sends mail on, and nothing says how: set `relay` in the conf/,
  ],
  [
    "handlers: [archive: {to: a@example.org, relay: true}]",
    "1:12",
    /`archive` sends mail on, and nothing says how: set `relay`/,
  ],
  [
    "queue: none\nhandlers: [stolen-passwords]",
    "2:12",
    /`handlers\[0\]`: `stolen-passwords` puts mail on hold in the queue: remove `queue: none`/,
  ],
  [
    "queue: none\nhandlers: [rate-limit: {limit: 1, excess: hold}]",
    "2:12",
    /`rate-limit` puts mail on hold in the queue/,
  ],
  ["handlers: [{relay-to: {networks: [10.1/16]}}]", "1:35", /`10\.1\/16` is no network: write one/],
  ["handlers: [{relay-to: {networks: ['::/1']}}]", "1:34", /open relay/],
  ["handlers: impatient", "1:11", /must be a list such as \[\.\/policy\.ts/],
  [
    "handlers: [policy]",
    "1:12",
    /there is no handler `policy`: write one of `add-header`, `alias`.*\.\/policy\.ts/,
  ],
  ["handlers: [./policy.ts]", "1:12", /there is no file \/nowhere\/policy\.ts/],
  ["handlers: [{trace: , impatient: }]", "1:12", /one an item/],
  ["handlers: [{relay-to: {networks: [10.1/16]}}]", "1:35", /`10\.1\/16` is no network: write one/],
  [
    "handlers: [{relay-to: {networks: [10.1.0.5/16]}}]",
    "1:35",
    /write 10\.1\.0\.0\/16 for all of it/,
  ],
  [
    "handlers:\n  - greylist:\n    delay: 5 min",
    "2:5",
    /`delay` stands beside `greylist`, not under it: indent/,
  ],
  ["handlers: [{greylist: {dealy: 5 min}}]", "1:24", /did you mean `delay`\?/],
  [
    "handlers: [local-hosts]",
    "1:12",
    /`handlers\[0\]\.local-hosts`: this is missing: it must be a list of domains/,
  ],
  ["handlers: [{impatient: {bund: 3}}]", "1:25", /unknown key `bund`: did you mean `bound`\?/],
  ["handlers: [{alias: {a b: c}}]", "1:21", /`a b` is no alias/],
  [
    "handlers: [{virtual-users: {file: none}}]",
    "1:35",
    /`handlers\[0\]\.virtual-users\.file`: there is no file \/nowhere\/none: create it/,
  ],
  [
    "handlers: [{fallback: {then: [trace, {explode: {file: ..}}]}}]",
    "1:55",
    /`handlers\[0\]\.fallback\.then\[1\]\.explode\.file`: \/ is a directory: name a file/,
  ],
  [
    "limits: {recipient: 5}",
    "1:10",
    /unknown key `recipient`: did you mean `recipients`\? \(in `limits`\)/,
  ],
  ["limits: {recipients: 1.5}", "1:22", /must be a whole number; found `1\.5`/],
  ["limits: {recipients: unlimited}", "1:22", /must be a whole number; found `unlimited`/],
  ["limits: {command-length: 100}", "1:26", /`100 B` is too little: make it 512 B or more/],
  ["limits: {text-line: endless}", "1:21", /`endless` is not a size/],
  [
    "log: {syslog: {sock: x}}",
    "1:15",
    /`true`, `false`, `{socket: \/dev\/log}` or `{host: NAME, port: 514}`/,
  ],
  ["log: {syslog: {host: x, port: 0}}", "1:31", /must be 1 or more; found `0`/],
  ["just text", "1:1", /must be a mapping/],
  ["hostname: a\nhostname: b", "2:1", /the key `hostname` is here for the second time/],
  ["limits:\n\trecipients: 3", "2:1", /a tab cannot indent a line/],
  ["log: {level: debug", "1:19", /bracket that was opened before is not closed/],
  ["hostname: a: b", "1:11", /write one `key: value` a line/],
  ["hostname: a\n---\nhostname: b", "2:1", /`---` starts a second document/],
];

for (const [text, place, message] of MISTAKES) {
  Deno.test(`parseConfig() says where and how to mend ${JSON.stringify(text)}`, () => {
    const found = mistakesIn(text);
    assert.equal(found.length, 1, found.join("\n"));
    assert.equal(found[0]!.split(" ")[0], place, found[0]);
    assert.match(found[0]!, message);
  });
}

/** Files that options name, and what is to be said of them. */
const FILES: readonly (readonly [string, string, RegExp])[] = [
  [
    "virtual-users",
    "# users\njoe@a.org: joe\njoe\n",
    /:3:1: `joe` is no address and user: write /,
  ],
  [
    "virtual-users",
    "\njoe@a.org: joe@a.org\n",
    /:2:1: `joe@a\.org` is an address, and a user is /,
  ],
  ["virtual-users", '"@a.org": joe\n', /:1:1: `"@a\.org"` is a local part in quotes/],
  ["explode", "\nstaff: joe, a b\n", /:2:13: /],
  ["explode", '"@a.org": joe\n', /:1:1: `"@a\.org"` is a local part in quotes/],
  ["explode", "a@a.org: joe, b\nb: a@a.org\n", /:1:1: aliases go in a circle, a@a\.org -> b@/],
];

for (const [handler, content, message] of FILES) {
  Deno.test(`parseConfig() says in which line of a file what is wrong: ${JSON.stringify(content)}`, () => {
    using directory = new Directory();
    directory.write("list", content);
    const text = `handlers:\n- ${handler}: {file: ./list}\n`;
    const [found = "", ...others] = mistakesIn(text, directory.of("postmaster.yaml"));
    assert.match(found, /^2:\d+ .*\/list:\d+:\d+: /);
    assert.match(found, message);
    assert.deepEqual(others, []);
  });
}

Deno.test("parseConfig() checks the rest although something is wrong with the syntax of one value", () => {
  const found = mistakesIn("aliases:\n  @a.example: joe\nlimits: {errors: 0}");
  assert.deepEqual(found.map((line) => line.split(" ")[0]), ["2:3", "2:3", "3:18"]);
});

Deno.test("parseConfig() does not blame aliases for domains that it could not read", () => {
  assert.equal(mistakesIn("domains: [a b]\naliases: {x@a.example: joe@b.example}").length, 1);
});

Deno.test("a ConfigError has one line a problem, control characters escaped", () => {
  assert.throws(() => parseConfig('hostname: "a\\nb"\nfoo: 1', "p.yaml"), {
    name: "ConfigError",
    message:
      /^p\.yaml:1:11: `hostname`: `a\\nb` is no domain[^\n]*\np\.yaml:2:1: unknown key `foo`[^\n]*$/,
  });
});

Deno.test("loadConfig() names the flag that is wrong", () => {
  const overrides: Overrides = {
    listen: ["127.0.0.1:2525", "2525"],
    hostname: "a b",
    logLevel: "loud",
    handlers: ["impatent"],
  };
  assert.throws(() => loadConfig(undefined, overrides), (error: ConfigError) => {
    const lines = error.message.split("\n").toSorted();
    assert.match(lines[0]!, /^--handlers: there is no handler `impatent`/);
    assert.match(lines[1]!, /^--hostname: `a b` is no domain/);
    assert.match(lines[2]!, /^--listen: `2525` needs an address/);
    assert.match(lines[3]!, /^--log-level: must be one of `trace`.*found `loud`/);
    return lines.length === 4;
  });
});

Deno.test("loadConfig() says that there is no such file", () => {
  assert.throws(() => loadConfig("/nowhere/p.yaml"), {
    name: "ConfigError",
    message: "/nowhere/p.yaml: there is no such file: create it, or name another with --config",
  });
});
