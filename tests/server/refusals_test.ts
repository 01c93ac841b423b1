import assert from "node:assert/strict";
import { say } from "postmaster";
import { Supervisor } from "../../src/handler/supervisor.ts";
import { silent } from "../../src/log/event.ts";

Deno.test("the innermost handler that gave a refusal is the one that refused, until the next question", () => {
  const supervisor = new Supervisor("s", silent);
  const no = say(5, 5, 0, "no", "5.7.1");
  supervisor.refused(no, "inner");
  supervisor.refused(no, "outer");
  assert.equal(supervisor.refuser(no), "inner");
  supervisor.begin();
  assert.equal(supervisor.refuser(no), undefined);
});
