import assert from "node:assert/strict";
import { need } from "../need.ts";
import { Directory } from "../running.ts";
import { blackout, recordServer } from "./blackout.ts";
import { differences, replay } from "./power_loss.ts";

Deno.test({
  name: "a loss of power at any moment costs no message that was accepted",
  ...need("strace"),
  fn: async (t) => {
    using directory = new Directory();
    const session = await recordServer(directory, { messages: 12, before: 0, sessions: 4 });

    await t.step("the record has all that the server has done to its directory", async () => {
      let last;
      for await (const { disk } of replay(session)) last = disk;
      assert.deepEqual(await differences(last!, session.directory), []);
    });

    await t.step("each 250 follows syncs that began when the whole message was there", async () => {
      const heard = new Map<string, number>();
      const syncs: { readonly path: string; readonly id: number; ended: boolean }[] = [];
      const seen = { small: 0, large: 0 };
      for await (const { step } of replay(session)) {
        if (step.do === "hear" && step.text !== "") heard.set(step.from, syncs.length);
        if (step.do === "sync") syncs.push({ ...step, ended: false });
        if (step.do === "synced") syncs.find(({ id }) => id === step.id)!.ended = true;
        if (step.do !== "say" || !step.to.startsWith("TCP")) continue;
        const [, id] = /^250 .*queued as (\w+)/m.exec(step.text) ?? [];
        if (id === undefined) continue;
        const since = syncs.slice(heard.get(step.to)).filter(({ ended }) => ended);
        const synced = since.map(({ path }) => path.replace("state/queue/", ""));
        assert.ok(synced.includes("queue.sqlite-wal"), `${id}: ${synced}`);
        const isLarge = session.large.has(id);
        if (isLarge) assert.ok(synced.includes(`bodies/${id}`) && synced.includes("bodies"));
        seen[isLarge ? "large" : "small"]++;
      }
      assert.equal(seen.large, session.large.size);
      assert.equal(seen.large + seen.small, 12);
    });

    await t.step("nothing is lost", async () => {
      const { faults, promises } = await blackout(session, {
        between: 2,
        each: 1,
        seed: Date.now(),
      });
      assert.deepEqual(faults, []);
      assert.equal(promises, 12);
    });

    for (const name of ["queue.sqlite-wal", "bodies", "queue", "state"]) {
      await t.step(`a disk that does not sync ${name} is found out`, async () => {
        const lies = (path: string) => path.endsWith(name);
        const { faults } = await blackout(session, { between: 0, each: 0, seed: 1, lies });
        assert.notDeepEqual(faults, []);
      });
    }
  },
});

Deno.test({
  name: "nor does one while a server starts again that was killed with mail in its queue",
  ...need("strace"),
  fn: async () => {
    using directory = new Directory();
    const session = await recordServer(directory, { messages: 2, before: 8, sessions: 4 });
    const { faults, promises } = await blackout(session, {
      between: 6,
      each: 1,
      seed: Date.now(),
      serve: 40,
    });
    assert.deepEqual(faults, []);
    assert.equal(promises, 10);
  },
});
