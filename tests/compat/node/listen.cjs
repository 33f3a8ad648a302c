"use strict";
// Flatfile's listener and its job handler without a driver: events are listed and dispatched until the file that is named first is there.

const { existsSync } = require("node:fs");
const { setTimeout: pause } = require("node:timers/promises");
const api = require("@flatfile/api").default;
const { FlatfileListener } = require("@flatfile/listener");
const { jobHandler } = require("@flatfile/plugin-job-handler");

const [end] = process.argv.slice(2);

const listener = FlatfileListener.create((listener) => {
  listener.use(
    jobHandler("workbook:node-export", async (event, tick) => {
      const { rows, bad } = event.payload.input;
      for (let row = 1; row <= rows; row += 1) await tick(Math.round((100 * row) / rows), `Row ${row}`);
      if (bad) throw new Error("Row 4 has no email address");
      const secret = await event.secrets("EXPORT_KEY");
      const next = { type: "url", url: "https://example.com/export.csv", label: "Open" };
      return { outcome: { heading: "Exported", message: `${rows} rows, a key of ${secret?.length} letters`, next } };
    })
  );
  listener.filter({ job: "workbook:node-*" }, (jobs) => {
    jobs.on("job:completed", (event) => console.log("completed", event.context.jobId));
    jobs.on("job:failed", (event) => console.log("failed", event.context.jobId));
  });
});

async function main() {
  const seen = new Set();
  const since = new Date(Date.now() - 5000);
  while (!existsSync(end)) {
    const { data } = await api.events.list({ domain: "job", since, pageSize: 1000 });
    for (const event of data.filter(({ id }) => !seen.has(id))) {
      seen.add(event.id);
      await listener.dispatchEvent(event);
    }
    await pause(50);
  }
}

main();
