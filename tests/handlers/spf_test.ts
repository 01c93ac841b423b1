/**
 * The handler spf: what becomes of senders, and what it has found.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { chain, type Handler, on, type SenderAuthentication } from "postmaster";
import { spf } from "postmaster/handlers";
import { ask, FakeDns, type FakeZone, mail, type Situation } from "postmaster/testing";

const ZONE: FakeZone = {
  "good.example": { TXT: ["v=spf1 ip4:192.0.2.0/24 -all"] },
  "soft.example": { TXT: ["v=spf1 ~all"] },
  "neutral.example": { TXT: ["v=spf1 ?all"] },
  "fail.example": { TXT: ["v=spf1 -all exp=why.example"] },
  "why.example": { TXT: ["%{i} is no server of %{d}, see https://why.example"] },
  "wicked.example": { TXT: ["v=spf1 -all exp=text.example"] },
  "text.example": { TXT: [`no\r\n250 ok \u00fc${"x".repeat(2000)}`] },
  "broken.example": { TXT: ["v=spf1 nonsense"] },
  "sick.example": "ESERVFAIL",
  "loop.example": { TXT: ["v=spf1 include:loop.example -all"] },
  "xn--bcher-kva.example": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
};

/** The reply to MAIL, and what handlers further in see. */
async function reply(
  handler: Handler,
  sender: string | null,
  situation: Situation = {},
): Promise<
  { readonly status: string; readonly text: string; readonly found: SenderAuthentication }
> {
  let found: SenderAuthentication = {};
  const inner = on("SetMailFrom", (_event, next, session) => {
    found = session.senderAuthentication;
    return next();
  });
  const dns = new FakeDns(ZONE);
  const { code, enhanced, lines } = await ask(chain(handler, inner), mail(sender), {
    dns,
    ...situation,
  });
  return { status: `${code} ${enhanced}`, text: lines.join(" "), found };
}

const results = ({ spf, helo }: SenderAuthentication) => [spf?.result, helo?.result];
const greeted = (name: string): Situation => ({ helo: { name, extended: true } });

Deno.test("spf() says what it finds, and refuses nothing by itself", async () => {
  const found = async (sender: string | null, helo = "client.example") => {
    const { status, found } = await reply(spf(), sender, greeted(helo));
    equal(status, "250 2.1.0");
    return results(found);
  };
  deepEqual(await found("joe@good.example"), ["pass", "none"]);
  deepEqual(await found("joe@good.example", "fail.example"), ["pass", "fail"]);
  deepEqual(await found("joe@soft.example"), ["softfail", "none"]);
  deepEqual(await found("joe@neutral.example"), ["neutral", "none"]);
  deepEqual(await found("joe@fail.example"), ["fail", "none"]);
  deepEqual(await found("joe@broken.example"), ["permerror", "none"]);
  deepEqual(await found("joe@loop.example"), ["permerror", "none"]);
  deepEqual(await found("joe@sick.example"), ["temperror", "none"]);
  deepEqual(await found("joe@free.example"), ["none", "none"]);
  deepEqual(await found("joe@[192.0.2.1]"), ["none", "none"]);
  deepEqual(await found("joe@xn--bcher-kva.example"), ["pass", "none"]);
  deepEqual(await found(null, "good.example"), ["pass", undefined]);
  deepEqual(await found(null, "fail.example"), ["fail", undefined]);
  deepEqual(await found(null, "[192.0.2.1]"), ["none", undefined]);
  deepEqual(await found(null, "localhost"), ["none", undefined]);
});

Deno.test("spf() refuses by configuration, with what the domain says", async () => {
  const strict = spf({ refuse: ["fail", "softfail", "permerror"] });
  const refused = await reply(strict, "joe@fail.example");
  equal(refused.status, "550 5.7.23");
  match(refused.text, /fail\.example says: 192\.0\.2\.1 is no server of fail\.example, see https/);
  equal((await reply(strict, "joe@soft.example")).status, "550 5.7.23");
  equal((await reply(strict, "joe@broken.example")).status, "550 5.7.24");
  equal((await reply(strict, "joe@neutral.example")).status, "250 2.1.0");
  equal((await reply(strict, "joe@good.example")).status, "250 2.1.0");
  equal((await reply(strict, "joe@good.example", greeted("fail.example"))).status, "550 5.7.23");
  equal((await reply(strict, null, greeted("fail.example"))).status, "550 5.7.23");
  equal((await reply(spf({ refuse: "none" }), "joe@free.example")).status, "550 5.7.23");
  equal((await reply(spf({ refuse: "none" }), "joe@good.example")).status, "250 2.1.0");
});

Deno.test("spf() lets no domain write the reply", async () => {
  const { status, text } = await reply(spf({ refuse: "fail" }), "joe@wicked.example");
  equal(status, "550 5.7.23");
  match(text, /^[ -~]{1,490}$/);
});

Deno.test("spf() refuses nothing for good while the DNS does not answer", async () => {
  const all = ["none", "neutral", "softfail", "fail", "permerror"] as const;
  equal((await reply(spf({ refuse: all }), "joe@sick.example")).status, "250 2.1.0");
  const deferring = spf({ refuse: "fail", inDoubt: "defer" });
  equal((await reply(deferring, "joe@sick.example")).status, "451 4.4.3");
  equal((await reply(deferring, "joe@free.example", greeted("sick.example"))).status, "451 4.4.3");
  equal((await reply(deferring, "joe@good.example", greeted("sick.example"))).status, "250 2.1.0");
  equal((await reply(spf({ inDoubt: "defer" }), "joe@sick.example")).status, "250 2.1.0");
  const mute = new FakeDns();
  mute.query = () => new Promise<never>(() => {});
  const { status, found } = await reply(spf({ timeout: "20 ms" }), "joe@good.example", {
    dns: mute,
  });
  equal(status, "250 2.1.0");
  deepEqual(results(found), ["temperror", "temperror"]);
});

Deno.test("spf() checks neither users nor trusted clients", async () => {
  const found = async (situation: Situation, handler = spf({ refuse: "fail" })) => {
    const { status, found } = await reply(handler, "joe@fail.example", situation);
    return found.spf === undefined ? status : found.spf.result;
  };
  const from = (address: string) => ({ peer: { address, port: 1 } });
  equal(await found({ user: "joe" }), "250 2.1.0");
  equal(await found(from("127.0.0.1")), "250 2.1.0");
  equal(await found(from("::1")), "250 2.1.0");
  equal(await found(from("unix")), "250 2.1.0");
  equal(await found(from("198.51.100.1")), "550 5.7.23");
  equal(await found(from("198.51.100.1"), spf({ except: "198.51.100.0/24" })), "250 2.1.0");
  equal(await found(from("127.0.0.1"), spf({ refuse: "fail", except: [] })), "550 5.7.23");
  equal(await found(from("2001:db8::1"), spf()), "fail");
});
