// Watching jobs: nothing is missed between what was read and what follows, and nothing goes back.

import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { Fake, URL_, connect, job, quick, refusal, settled, until } from "./fake.mjs"

const real = { setTimeout: globalThis.setTimeout, random: Math.random }
let fake, client, shown, states, refusals, open

beforeEach(() => {
  globalThis.setTimeout = real.setTimeout
  Math.random = real.random
  quick()
  fake = new Fake()
  client = connect({ url: URL_, token: "t" })
  shown = []
  states = []
  refusals = []
  open = []
})

afterEach(() => open.forEach((one) => one.close()))

function watch(id = "us_jb_1", into = shown) {
  const told = { onState: (state) => states.push(state), onError: (error) => refusals.push(error.code) }
  const found = client.watchJob(id, (news) => into.push(news), told)
  open.push(found)
  return found
}

const reads = () => fake.paths.filter((path) => path.startsWith("/v1/jobs/")).length
const shows = async (count) => (await until(() => shown.length >= count && shown)).at(-1)

test("it is read, and followed from there", async () => {
  fake.jobs.us_jb_1 = job(7, { progress: 10 })
  watch()
  assert.equal((await shows(1)).progress, 10)
  const stream = await fake.stream()
  assert.deepEqual(stream.asked, { topics: "job:*", filter: '{"jobId":["us_jb_1"]}', after: "E:7", progress: "true" })
  stream.event(8, "job:updated", { status: "executing", progress: 20, info: "rows", estimatedCompletionAt: "x" })
  const { progress, info, estimatedCompletionAt, job: name } = await shows(2)
  assert.deepEqual([progress, info, estimatedCompletionAt, name], [20, "rows", "x", "a:b"])
  assert.equal(reads(), 1)
})

test("a promise that is taken back is not shown any more, what was said stays", async () => {
  fake.jobs.us_jb_1 = job(7, { progress: 0, info: "rows", estimatedCompletionAt: "x" })
  watch()
  const stream = await fake.stream()
  stream.event(8, "job:updated", { status: "executing", stalledSince: "y" })
  const { estimatedCompletionAt, stalledSince, info } = await shows(2)
  assert.deepEqual([estimatedCompletionAt, stalledSince, info], [undefined, "y", "rows"])
  stream.event(9, "job:updated", { status: "executing", progress: 0, estimatedCompletionAt: "z" })
  assert.equal((await shows(3)).stalledSince, undefined)
})

test("live progress is shown, and does not go back within an attempt", async () => {
  fake.jobs.us_jb_1 = job(7, { progress: 10 })
  watch()
  const stream = await fake.stream()
  const tick = (facts) => stream.say("progress", { jobs: [{ id: "us_jb_1", job: "a:b", ...facts }, { id: "us_jb_9" }] })
  tick({ progress: 40, info: "x" })
  assert.equal((await shows(2)).progress, 40)
  tick({ progress: 30, info: "y" })
  const { progress, info } = await shows(3)
  assert.deepEqual([progress, info], [40, "y"])
  fake.jobs.us_jb_1 = job(9, { progress: 5, attempt: 2 })
  stream.event(8, "job:attempt-failed")
  assert.equal((await shows(4)).progress, 5)
})

test("events that move it are asked about, and those that an answer holds already are not", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch()
  const stream = await fake.stream()
  fake.jobs.us_jb_1 = job(12, { status: "waiting" })
  stream.event(7, "job:ready")
  stream.event(8, "job:waiting")
  assert.equal((await shows(2)).status, "waiting")
  stream.event(9, "job:updated", { progress: 1 })
  stream.event(12, "job:updated", { progress: 2 })
  stream.event(13, "job:updated", { status: "executing", progress: 3 })
  assert.equal((await shows(3)).progress, 3)
  assert.equal(reads(), 2)
})

test("what happens while it is read is not lost", async () => {
  fake.jobs.us_jb_1 = job(7, { progress: 1 })
  watch()
  const stream = await fake.stream()
  let answer
  const slow = new Promise((resolve) => (answer = resolve))
  fake.jobs.us_jb_1 = async () => slow
  stream.event(8, "job:ready")
  await until(() => reads() === 2)
  stream.event(9, "job:updated", { status: "executing", progress: 30 })
  stream.event(10, "job:updated", { status: "executing", progress: 50 })
  await settled()
  assert.equal(shown.length, 1)
  answer(job(9, { progress: 30 })())
  await until(() => shown.at(-1).progress === 50)
  assert.deepEqual(shown.map((one) => one.progress), [1, 30, 50])
})

test("its end is shown whole, and nothing is followed any more", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch()
  const stream = await fake.stream()
  fake.jobs.us_jb_1 = job(8, { status: "complete", outcome: { message: "Done" } })
  stream.event(8, "job:completed")
  assert.deepEqual((await shows(2)).outcome, { message: "Done" })
  await until(() => !stream.open)
  await settled()
  assert.equal(fake.streams.length, 1)
})

test("a job that has ended before is read once", async () => {
  fake.jobs.us_jb_1 = job(7, { status: "failed" })
  watch()
  await shows(1)
  await settled()
  assert.deepEqual(fake.paths, ["/v1/jobs/us_jb_1"])
})

test("several are followed together, from the first that is not known yet", async () => {
  const others = []
  fake.jobs.us_jb_1 = job(7)
  fake.jobs.us_jb_2 = job(5, { id: "us_jb_2" })
  watch()
  watch("us_jb_2", others)
  const first = await fake.stream()
  assert.deepEqual([first.filter, first.asked.after], [{ jobId: ["us_jb_1", "us_jb_2"] }, "E:5"])
  first.event(6, "job:updated", { progress: 9 })
  first.event(8, "job:updated", { progress: 10 }, "us_jb_2")
  await until(() => others.at(-1)?.progress === 10)
  assert.equal(shown.length, 1)

  const third = []
  fake.jobs.us_jb_3 = job(20, { id: "us_jb_3" })
  watch("us_jb_3", third)
  const second = await fake.stream(1)
  assert.ok(!first.open)
  assert.deepEqual([second.filter.jobId.length, second.asked.after], [3, "E:8"])
  second.event(20, "job:updated", { progress: 1 }, "us_jb_3")
  second.event(21, "job:updated", { progress: 2 }, "us_jb_3")
  await until(() => third.at(-1)?.progress === 2)
  assert.equal(third.length, 2)
})

test("who watches the same job shares what is known of it", async () => {
  fake.jobs.us_jb_1 = job(7)
  const first = watch()
  const stream = await fake.stream()
  const others = []
  const second = watch("us_jb_1", others)
  assert.deepEqual(others, [])
  await until(() => others.length === 1)
  assert.equal(reads(), 1)
  first.close()
  stream.event(8, "job:updated", { progress: 3 })
  await until(() => others.length === 2)
  assert.equal(shown.length, 1)
  second.close()
  await until(() => !stream.open)
})

test("more jobs than a filter should name are all listened for", async () => {
  for (let number = 0; number < 51; number++) {
    fake.jobs[`us_jb_${number}`] = job(7, { id: `us_jb_${number}` })
    watch(`us_jb_${number}`, [])
  }
  const stream = await fake.stream()
  assert.equal(stream.filter, undefined)
})

for (const code of ["cursor_too_old", "epoch_changed", "cursor_ahead"]) {
  test(`after ${code} it is read anew, and followed from there`, async () => {
    fake.jobs.us_jb_1 = job(7)
    watch()
    const stream = await fake.stream()
    fake.jobs.us_jb_1 = () => ({ ...job(0, { progress: 60 })(), asOf: "F:2" })
    stream.say("refused", { code, message: "no" })
    assert.equal((await shows(2)).progress, 60)
    const second = await fake.stream(1)
    assert.equal(second.asked.after, "F:2")
    assert.deepEqual(refusals, [])
  })
}

test("a lost line is told, and what happened meanwhile comes", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch()
  const stream = await fake.stream()
  await until(() => states.at(-1) === "live")
  stream.break()
  const second = await fake.stream(1)
  assert.equal(second.asked.after, "E:7")
  second.event(8, "job:updated", { progress: 80 })
  assert.equal((await shows(2)).progress, 80)
  assert.deepEqual(states, ["connecting", "live", "lost", "live"])
})

test("a job that cannot be read now is asked for again", async () => {
  fake.jobs.us_jb_1 = job(7, { status: "complete" })
  fake.instead.push(new TypeError("no network"), [503, refusal("unavailable")])
  watch()
  await shows(1)
  assert.deepEqual(states, ["lost", "lost", "live"])
})

test("a job that is not there is told", async () => {
  watch("us_jb_none")
  await until(() => refusals.length)
  await settled()
  assert.deepEqual([refusals, fake.calls.length], [["not_found"], 1])
})

test("a job that is removed is told", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch()
  const stream = await fake.stream()
  delete fake.jobs.us_jb_1
  stream.event(8, "job:deleted")
  await until(() => refusals.length)
  assert.deepEqual(refusals, ["not_found"])
  await until(() => !stream.open)
})

test("a token that has ended ends it", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch()
  const stream = await fake.stream()
  fake.instead.push([401, refusal("unauthorized")])
  stream.end()
  await until(() => refusals.length)
  assert.deepEqual(refusals, ["unauthorized"])
})

test("a job that is let go before it was read is not shown", async () => {
  fake.jobs.us_jb_1 = job(7)
  watch().close()
  await settled()
  assert.deepEqual([shown, fake.streams], [[], []])
})

test("an id is no part of a path", async () => {
  watch("us_jb_1/../../keys?x#y")
  await until(() => fake.calls.length)
  assert.equal(fake.paths[0], "/v1/jobs/us_jb_1%2F..%2F..%2Fkeys%3Fx%23y")
})

test("an outcome is acknowledged", async () => {
  const seen = { data: { id: "us_jb_1", outcomeAcknowledgedAt: "2026-01-01T00:00:00.000Z" } }
  fake.instead.push([200, seen])
  assert.deepEqual(await client.act({ type: "acknowledge" }, "us_jb_1"), seen.data)
  assert.deepEqual([fake.calls[0].method, fake.paths[0]], ["POST", "/v1/jobs/us_jb_1/outcome/ack"])
})

test("what jobs name calls nothing else", async () => {
  for (const type of ["constructor", "toString", "__proto__"]) assert.equal(await client.act({ type, files: [] }, "us_jb_1"), false)
  assert.deepEqual(fake.calls, [])
})

test("a job runs again, with what a session must show", async () => {
  const made = { data: { id: "us_jb_2" } }
  fake.instead.push([200, made])
  assert.deepEqual(await client.act({ type: "retry" }, "us_jb_1"), made.data)
  assert.deepEqual([fake.calls[0].method, fake.paths[0]], ["POST", "/v1/jobs/us_jb_1/retry"])

  fake.calls.length = 0
  fake.instead.push([200, { data: { csrfToken: "c" } }], [200, made])
  await connect({ url: URL_ }).act({ type: "retry" }, "us_jb_1")
  assert.deepEqual(fake.paths, ["/v1/sessions/current", "/v1/jobs/us_jb_1/retry"])
  assert.equal(fake.calls[1].headers["X-CSRF-Token"], "c")

  fake.instead.push([403, refusal("forbidden")])
  await assert.rejects(client.act({ type: "retry" }, "us_jb_1"), { code: "forbidden", httpStatus: 403 })
})
