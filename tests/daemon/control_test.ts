/**
 * The control socket: what clients ask the queue of a running server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Control } from "../../src/daemon/control.ts";
import { isListening, RemoteDesk } from "../../src/daemon/control_client.ts";
import { listenForOperators } from "../../src/daemon/control_socket.ts";
import { operatorsDesk } from "../../src/queue/desk.ts";
import type { Listed, Page } from "../../src/queue/store.ts";
import { discardType } from "../../src/targets/discard.ts";
import { Targets, type TargetType } from "../../src/targets/target.ts";
import { Directory } from "../running.ts";
import { fill, openStore } from "../queue/fill.ts";

/** A store with messages, and a control socket for it. */
async function served(count: number) {
  const opened = new AsyncDisposableStack();
  const directory = opened.use(new Directory());
  const store = await openStore(directory.of("queue"));
  opened.defer(() => store.close());
  await fill(store, count);
  const socket = directory.of("control.sock");
  const logged: string[] = [];
  const listener = await listenForOperators({
    control: { socket },
    stateDirectory: directory.path,
  }, undefined);
  const each: TargetType = {
    ...discardType,
    destination: (_args, { recipient }) => `each ${recipient.domain}`,
  };
  const targets = new Targets({ each });
  const desk = operatorsDesk(store, () => targets, () => "the disk hums");
  const log = Object.assign((event: string) => void logged.push(event), { wants: () => true });
  const reload = () => Promise.reject(new Error("nothing to reload"));
  const compare = () => {
    throw new Error("nothing to compare");
  };
  opened.use(new Control(listener, { desk, reload, compare, log }));
  return Object.assign(opened, { socket, logged, desk: new RemoteDesk(socket), directory });
}

/** What the server answers to what a client says. */
function say(socket: string, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const client = connect(socket);
  let answer = "";
  client.on("data", (octets) => answer += octets);
  client.on("error", reject);
  client.on("close", () => resolve(answer));
  client.end(text);
  return promise;
}

const idsOf = ({ items }: Page<Listed>): string[] => items.map(({ message }) => message.id);

Deno.test("all that a desk answers comes through the control socket", async () => {
  await using server = await served(5);
  const { desk } = server;
  assert.equal(Deno.statSync(server.socket).mode! & 0o777, 0o600);
  const first = await desk.find({}, 0, 3);
  assert.deepEqual(idsOf(first), ["M0", "M1", "M2"]);
  assert.deepEqual(idsOf(await desk.find({}, first.next!, 3)), ["M3", "M4"]);
  assert.deepEqual(idsOf(await desk.find({ ids: ["M3"], to: "joe" }, 0, 3)), ["M3"]);

  const hold = { kind: "hold", reason: "testing" } as const;
  const page = { after: 0, limit: 10 };
  const would = await desk.change({ from: "ann1@" }, hold, { ...page, dryRun: true });
  assert.deepEqual([idsOf(would), server.logged], [["M1"], []]);
  const held = await desk.change({ from: "ann1@" }, hold, { ...page, dryRun: false });
  assert.deepEqual(held.items.map(({ recipient }) => recipient.state), [
    { at: "held", reason: "testing" },
  ]);
  assert.deepEqual(server.logged, ["queue changed"]);

  const { recipients, trouble } = await desk.stats();
  assert.deepEqual([recipients.waiting, recipients.held, trouble], [4, 1, "the disk hums"]);
  assert.equal(
    new TextDecoder().decode(await desk.head("M2", 18)),
    "Subject: message 2",
  );
  assert.equal(await desk.head("no such id", 18), undefined);
  const [trace] = await desk.trace({ messageId: "<4@example.org>" }, 1);
  assert.deepEqual([trace?.message.id, trace?.recipients[0]?.history], ["M4", []]);
});

Deno.test("mail is rerouted only to targets that there are", async () => {
  await using server = await served(2);
  const page = { after: 0, limit: 10, dryRun: false };
  const to = (target: string) =>
    ({ kind: "reroute", target: { target, args: {} }, destination: target, due: 0 }) as const;
  await assert.rejects(server.desk.change({}, to("nowhere"), page), /no target "nowhere"/);
  const { items } = await server.desk.change({}, to("each"), page);
  assert.deepEqual(
    items.map(({ recipient }) => [recipient.target.target, recipient.destination]),
    [["each", "each d0.example"], ["each", "each d1.example"]],
  );
});

Deno.test("a request that makes no sense is answered with an error, and harms nobody", async () => {
  await using server = await served(1);
  for (
    const [request, wanted] of [
      ["nonsense\n", /is not valid JSON/],
      ["{}\n", /makes no sense/],
      ['{"ask":"find","filter":{},"after":0,"limit":1000000}\n', /makes no sense: .*limit/s],
      ['{"ask":"find","filter":{"too":"x"},"after":0,"limit":1}\n', /makes no sense: .*too/s],
      [
        `{"ask":"find","filter":{"to":"${"x".repeat(2000)}"},"after":0,"limit":1}\n`,
        /makes no sense/,
      ],
      ["no end of line", /one line of JSON/],
      ["x".repeat(2 * 1024 * 1024), /one line of JSON/],
    ] as const
  ) {
    const answer = await say(server.socket, request).catch((error: Error) => error.message);
    // A client that is still talking may find the connection closed before it reads the answer.
    if (!/EPIPE|ECONNRESET/.test(answer)) assert.match(JSON.parse(answer).error, wanted);
    assert.deepEqual(idsOf(await server.desk.find({}, 0, 10)), ["M0"]);
  }
});

Deno.test("clients that say nothing, or read nothing, keep nobody waiting", async () => {
  await using server = await served(2000);
  const request = '{"ask":"find","filter":{},"after":0,"limit":2000}\n';
  const idle = Array.from({ length: 20 }, (_, i) => {
    const client = connect(server.socket);
    client.pause();
    if (i % 2 === 0) client.write(request);
    return client;
  });
  await Promise.all(idle.map((client) => new Promise((resolve) => client.on("connect", resolve))));
  const { items } = await server.desk.find({}, 0, 2000);
  assert.equal(items.length, 2000);
  for (const client of idle) client.destroy();
  assert.equal((await server.desk.stats()).messages, 2000);
});

Deno.test("the socket that a dead server has left is replaced, and one of a living server is not", async () => {
  await using server = await served(1);
  const config = { control: { socket: server.socket }, stateDirectory: server.directory.path };
  await assert.rejects(listenForOperators(config, undefined), /another server listens there/);
  assert.equal(await isListening(server.socket), true);

  const left = server.directory.of("left.sock");
  const listen = `
    const { createServer } = await import("node:net");
    createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, "SIGKILL"));`;
  await new Deno.Command(Deno.execPath(), {
    args: ["eval", `import process from "node:process";${listen}`],
  }).output();
  assert.ok(Deno.lstatSync(left).isSocket);
  assert.equal(await isListening(left), false);
  const listener = await listenForOperators({ ...config, control: { socket: left } }, undefined);
  assert.equal(await isListening(left), true);
  listener.close();
});
