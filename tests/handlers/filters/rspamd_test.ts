/**
 * Rspamd itself, with rules of the test's own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on } from "postmaster";
import {
  type FilterVerdict,
  filterVerdicts,
  rspamd,
  type RspamdOptions,
} from "postmaster/handlers";
import { ENCRYPTED, FakeDns } from "postmaster/testing";
import { need } from "../../need.ts";
import { Directory } from "../../running.ts";
import { Program } from "../milter/program.ts";
import { sent } from "../milter/sessions.ts";
import { assertNotLost } from "./stopped.ts";

/** A worker that judges by the subject, and says in a field what it was told. */
const RULES = `
local function says(word)
  return function(task) return (task:get_header('Subject') or ''):find(word) ~= nil end
end
rspamd_config:register_symbol({name = 'REJECTED', callback = says('rejected'), score = 20})
rspamd_config:register_symbol({name = 'REWRITTEN', callback = says('rewritten'), score = 9})
rspamd_config:register_symbol({name = 'MARKED', callback = says('marked'), score = 7})
rspamd_config:register_symbol({name = 'GREY', callback = says('grey'), score = 5})
rspamd_config:register_symbol({name = 'SOFT', score = 0, callback = function(task)
  if says('soft')(task) then task:set_pre_result('soft reject', 'come back soon') end
end})
rspamd_config:register_symbol({name = 'TOLD', score = 0, callback = function(task)
  if not says('told')(task) then return end
  local told = {
    tostring(task:get_from_ip()), task:get_helo() or '', task:get_hostname() or '', task:get_user() or '',
    task:get_from('smtp')[1].addr, #task:get_recipients('smtp'), task:get_queue_id() or '',
    task:get_request_header('TLS-Version') and tostring(task:get_request_header('TLS-Version')) or '',
  }
  task:set_milter_reply({
    add_headers = {
      ['X-Told'] = { value = table.concat(told, '; '), order = 0 },
      ['X-Last'] = 'the end',
    },
    remove_headers = { ['X-Bad'] = 0, ['X-Twice'] = 2 },
  })
end})
`;

/** A running rspamd; without a password, or with that one. */
const startRspamd = (password?: string) =>
  Program.start((directory) => {
    const { path } = directory;
    Deno.chmodSync(path, 0o755);
    directory.write("tlds", "com\nnet\norg\n");
    directory.write("rules.lua", RULES);
    const worker = password === undefined ? "" : `password = "${password}";`;
    const config = directory.write(
      "rspamd.conf",
      `options {
        pidfile = "${path}/pid"; control_socket = "${path}/control"; history_file = "${path}/history";
        tempdir = "${path}"; hs_cache_dir = "${path}"; stats_file = "${path}/stats"; rrd = "";
        url_tld = "${path}/tlds"; filters = ""; local_addrs = []; gtube_patterns = "all";
        dns { nameserver = ["127.0.0.1:9"]; timeout = 100ms; retransmits = 1; }
      }
      logging { type = "console"; level = "error"; }
      actions { reject = 15; rewrite_subject = 8; add_header = 6; greylist = 4; subject = "[spam] %s"; }
      worker "normal" { bind_socket = "${path}/socket mode=0666"; count = 1; ${worker} }
      lua = "${path}/rules.lua";
      `,
    );
    return ["/usr/bin/rspamd", "--no-fork", "--insecure", "--config", config];
  }, "SIGTERM");

let seen: readonly FilterVerdict[] = [];
const asks = (options: RspamdOptions): Handler =>
  chain(
    on("Deliver", async (_event, next, session) => {
      const reply = await next();
      seen = session.get(filterVerdicts);
      return reply;
    }),
    rspamd(options),
    on("AddRcptTo", () => discard()),
  );

const GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE" + "-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
const message = (subject: string, more = "") =>
  `From: ann@example.org\r\n${more}Subject: ${subject}\r\n\r\nhello\r\n`;
const FORGED = "X-Spam: No\r\nX-Spam-Score: -99\r\n";

Deno.test({
  name: "what rspamd says is done",
  ...need("rspamd"),
  fn: async () => {
    await using program = await startRspamd();
    const { address } = program;
    const policy = asks({ address });

    const ham = await sent(policy, message("hello", FORGED));
    assert.deepEqual([ham.replies.at(-1), ham.message], ["250 2.0.0", message("hello")]);
    assert.partialDeepStrictEqual(seen, [{ filter: "rspamd", result: "clean", says: "no action" }]);

    const gtube = await sent(
      policy,
      message("hello").replace("hello\r\n", `hello\r\n${GTUBE}\r\n`),
    );
    assert.deepEqual([gtube.replies.at(-1), gtube.message], ["550 5.7.1", undefined]);
    assert.match(gtube.text, /Gtube pattern/);

    const rejected = await sent(policy, message("rejected"));
    assert.equal(rejected.replies.at(-1), "550 5.7.1");
    assert.partialDeepStrictEqual(seen, [{
      ...{ result: "spam", says: "reject", score: 20, threshold: 15 },
      tests: ["REJECTED"],
    }]);

    const grey = await sent(policy, message("grey"));
    assert.equal(grey.replies.at(-1), "451 4.7.1");
    const soft = await sent(policy, message("soft"));
    assert.deepEqual([soft.replies.at(-1), soft.text], ["451 4.7.1", "come back soon"]);

    const marked = await sent(policy, message("marked", FORGED));
    assert.equal(
      marked.message,
      `X-Spam: Yes\r\nX-Spam-Score: 7\r\nX-Spam-Action: add header\r\n${message("marked")}`,
    );
    const rewritten = await sent(policy, message("rewritten"));
    assert.match(
      rewritten.message ?? "",
      /^Subject: \[spam\] rewritten\r\nX-Spam: Yes\r\n[^]*From: ann@example.org\r\n\r\nhello\r\n$/,
    );
    const held = await sent(
      asks({ address, actions: { "add header": "quarantine" }, quarantine: "hold" }),
      message("marked"),
    );
    assert.equal(held.hold, "rspamd: add header, 7 points");
  },
});

Deno.test({
  name: "rspamd is told the envelope, and changes the fields that it wants to change",
  ...need("rspamd"),
  fn: async () => {
    await using program = await startRspamd("correct-horse");
    using directory = new Directory();
    const passwordFile = directory.write("password", "correct-horse\n");
    const dns = new FakeDns({
      "192.0.2.77": { PTR: ["mail.example.org"] },
      "mail.example.org": { A: ["192.0.2.77"] },
    });
    const { message: arrived } = await sent(
      asks({ address: program.address, passwordFile }),
      message("told", "X-Bad: 1\r\nX-Twice: 1\r\nX-bad: 2\r\nX-Twice: 2\r\n"),
      undefined,
      { peer: { address: "192.0.2.77", port: 4000 }, user: "ann", tls: ENCRYPTED, dns },
    );
    const [, told, rest] = /^X-Told: (.*)\r\n([^]*)$/.exec(arrived ?? "") ?? [];
    assert.match(
      told ?? "",
      /^192\.0\.2\.77; client\.example\.org; mail\.example\.org; ann; ann@example\.org; 1; \w{8,}; TLSv1/,
    );
    assert.equal(
      rest,
      message("told", "X-Twice: 1\r\n").replace("\r\n\r\n", "\r\nX-Last: the end\r\n\r\n"),
    );
  },
});

Deno.test({
  name: "Rspamd that is stopped, or killed in the midst of a message, loses none",
  ...need("rspamd"),
  fn: () => assertNotLost(() => startRspamd(), "rspamd", rspamd),
});
