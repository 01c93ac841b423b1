/**
 * Mail about a ticket goes to the help desk's program, whoever its recipient is.
 *
 * @module
 */
import { on, pipe, readHeader } from "postmaster";

const helpDesk = pipe(["tee", "-a", "/tmp/tickets"]);

export default on("Deliver", async (event, next) => {
  const { header, body } = await readHeader(event.body);
  const subject = header.first("Subject")?.text ?? "";
  const routes = /\bticket #\d+/i.test(subject)
    ? event.routes.map((route) => ({ ...route, target: helpDesk }))
    : event.routes;
  return next({ ...event, body, routes });
});
