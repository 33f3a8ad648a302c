"use strict";
// A Flatfile listener as Flatfile's documentation has them. Two lines are changed, so that it runs on Tickwire.

const { setTimeout: pause } = require("node:timers/promises");
const { FlatfileListener } = require("@flatfile/listener");
const { jobHandler } = require("@flatfile/plugin-job-handler");
const { TickwireDriver } = require("./tickwire-driver.cjs"); // was: PubSubDriver of "@flatfile/listener-driver-pubsub"

const listener = FlatfileListener.create((listener) => {
  listener.use(
    jobHandler("workbook:approve", async (event, tick) => {
      const { orders = [] } = event.payload.input ?? {};
      for (const [done, order] of orders.entries()) {
        if (order.total < 0) throw new Error(`Order ${order.id} has a negative total.`);
        await tick(Math.round((100 * (done + 1)) / orders.length), `Order ${order.id} is approved`);
        await pause(20);
      }
      return { outcome: { heading: "Approved", message: `${orders.length} orders are approved.`, acknowledge: true } };
    })
  );
  listener.on("job:completed", { job: "workbook:approve" }, (event) => console.log("done:", event.context.jobId));
});

const driver = new TickwireDriver(); // was: new PubSubDriver(process.env.FLATFILE_ENVIRONMENT_ID)
listener.mount(driver);
driver.start().then(() => console.log("listening"));
process.once("SIGTERM", () => driver.shutdown());
