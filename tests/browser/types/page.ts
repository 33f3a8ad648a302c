// What docs/browser.md shows, and what is wrong in it where it says so.

import { connect, Refusal, words, type Job, type LogEvent } from "./tickwire.js"
import { connect as connectToo } from "./job.js"

let kept: string | undefined
const token = async (refused: boolean) => {
  if (refused || !kept) kept = (await (await fetch("/my/token", { method: "POST" })).json()).token as string
  return kept
}
const client = connect({ url: "https://jobs.example.com", token })
const id = "us_jb_0000000001"

const watching = client.watchJob(id, (job: Job) => console.log(job.status, job.progress, job.outcome?.heading), {
  onState: (state) => console.log(state === "lost"),
  onError: (refusal: Refusal) => console.log(refusal.code, refusal.message),
})
watching.close()

const subscription = client.subscribe(
  { topics: ["job:completed", "invoice:*"], filter: { tag: "acme" }, after: "oldest", progress: true },
  {
    onEvent: (event: LogEvent) => console.log(event.position, event.topic, event.payload.total),
    onProgress: (tick) => console.log(tick.id, tick.progress),
    onError: (refusal) => console.log(refusal.code, refusal.head, refusal.oldest),
  },
)
console.log(subscription.position)

document.addEventListener("tickwire-next", (event) => {
  if (event.detail.next.type === "retry") event.preventDefault()
})
document.addEventListener("tickwire-acknowledge", async (event) => {
  event.preventDefault()
  const job = await client.act({ type: "acknowledge" }, event.detail.job.id)
  if (typeof job === "object") console.log(job.outcomeAcknowledgedAt)
})
const bar = document.createElement("tickwire-progress")
bar.client = client
document.createElement("tickwire-job").client = connectToo({ token })
words.ready = "Wartet"

// @ts-expect-error - there is no such state
client.watchJob(id, () => {}, { onState: (state) => state === "gone" })
// @ts-expect-error - a job has an id
client.watchJob(7, () => {})
// @ts-expect-error - where one stands is told, not set
subscription.position = "now"
// @ts-expect-error - a token is a text
connect({ token: 7 })
