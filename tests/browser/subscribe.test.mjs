// Following the log: where it resumes, when it stops, and what is sent.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"

import { Fake, Heard, TOKEN, URL_, connect, quick, refusal, settled, until } from "./fake.mjs"

const real = { setTimeout: globalThis.setTimeout, random: Math.random }
let fake, heard, pauses

beforeEach(() => {
  globalThis.setTimeout = real.setTimeout
  Math.random = real.random
  fake = new Fake()
  heard = new Heard()
  pauses = quick()
})

const follow = (wanted, options) => connect({ url: `${URL_}/`, token: TOKEN, ...options }).subscribe(wanted, heard)

test("what is wanted stands in the address, and the token in a header alone", async () => {
  const found = follow({ topics: ["job:*", "a:b"], filter: { jobId: "us_jb_1" }, after: "E:5", progress: true })
  const stream = await fake.stream()
  assert.deepEqual(stream.asked, { topics: "job:*,a:b", filter: '{"jobId":"us_jb_1"}', after: "E:5", progress: "true" })
  const [call] = fake.calls
  assert.equal(call.headers.Authorization, `Bearer ${TOKEN}`)
  assert.equal(call.credentials, "omit")
  assert.ok(!call.url.href.includes(TOKEN))
  assert.equal(call.url.origin, URL_)
  found.close()
})

test("without a token the cookie counts, on the server's own pages", async () => {
  const found = follow({}, { token: undefined })
  await fake.stream()
  const [call] = fake.calls
  assert.deepEqual([call.credentials, call.headers.Authorization], ["same-origin", undefined])
  assert.deepEqual(Object.fromEntries(call.url.searchParams), { topics: "**", after: "now", progress: "false" })
  found.close()
})

test("it resumes behind the last event, and nothing comes twice", async () => {
  const found = follow({ after: "oldest" })
  const first = await fake.stream()
  first.event(1)
  first.event(2)
  await until(() => heard.events.length === 2)
  first.end()
  const second = await fake.stream(1)
  assert.equal(second.asked.after, "E:2")
  second.event(3)
  await until(() => heard.events.length === 3)
  second.break()
  assert.equal((await fake.stream(2)).asked.after, "E:3")
  await until(() => heard.states.at(-1) === "live")
  assert.deepEqual(heard.events, ["E:1", "E:2", "E:3"])
  assert.deepEqual(heard.states, ["connecting", "live", "lost", "live", "lost", "live"])
  assert.equal(found.position, "E:3")
  found.close()
})

test("a cursor that stands idle moves on, and progress moves none", async () => {
  const found = follow({ after: "E:1", progress: true })
  const stream = await fake.stream()
  stream.say("position", { prev: "E:1", position: "E:9" }, "E:9")
  stream.say("progress", { jobs: [{ id: "us_jb_1", progress: 5 }, { id: "us_jb_2" }] })
  stream.say("novelty", {})
  await until(() => heard.ticks.length === 2)
  stream.end()
  assert.equal((await fake.stream(1)).asked.after, "E:9")
  assert.deepEqual(heard.events, [])
  found.close()
})

test("half a message is not heard, and comes again", async () => {
  const found = follow({ after: "E:1" })
  const stream = await fake.stream()
  stream.write('id: E:2\ndata: {"position":"E:2"')
  await settled()
  stream.end()
  const second = await fake.stream(1)
  assert.equal(second.asked.after, "E:1")
  second.event(2)
  await until(() => heard.events.length)
  assert.deepEqual(heard.events, ["E:2"])
  found.close()
})

for (const code of ["cursor_too_old", "epoch_changed", "cursor_ahead", "forbidden"]) {
  test(`${code} ends it, before and while it is followed`, async () => {
    fake.instead.push([410, refusal(code, { head: "F:9", oldest: "F:1" })])
    follow({ after: "E:1" })
    const [refused] = await until(() => heard.refusals.length && heard.refusals)
    assert.deepEqual([refused.code, refused.message, refused.head, refused.oldest], [code, `This is ${code}.`, "F:9", "F:1"])
    assert.deepEqual([refused.httpStatus, refused.name], [410, "Refusal"])
    await settled()
    assert.equal(fake.calls.length, 1)
    assert.equal(heard.states.at(-1), "ended")

    heard = new Heard()
    follow({ after: "E:1" })
    const stream = await fake.stream()
    stream.say("refused", { code, message: "no" })
    await until(() => heard.refusals.length)
    await settled()
    assert.equal(fake.streams.length, 1)
    assert.deepEqual(heard.states, ["connecting", "live", "ended"])
  })
}

test("what passes is tried again: networks, servers that are busy, logs that could not be read", async () => {
  fake.instead.push(
    new TypeError("no network"),
    [502, "a proxy"],
    [503, refusal("unavailable"), { "Retry-After": "7" }],
    [429, refusal("rate_limited"), { "Retry-After": "Sun, 22 Nov 2026 00:00:00 GMT" }],
  )
  const found = follow({ after: "E:1" })
  const stream = await fake.stream()
  stream.say("refused", { code: "unavailable", message: "later" })
  assert.equal((await fake.stream(1)).asked.after, "E:1")
  assert.deepEqual(heard.refusals, [])
  // Half of a ceiling that doubles, or as long as the server says; from the start again once something was heard.
  assert.deepEqual(pauses, [50, 100, 7000, 400, 50])
  found.close()
})

test("pauses grow to half a minute", async () => {
  fake.instead.push(...Array(20).fill(new TypeError("no network")))
  const found = follow({})
  await fake.stream()
  assert.equal(Math.max(...pauses), 15_000)
  assert.deepEqual(pauses.slice(0, 3), [50, 100, 200])
  found.close()
})

test("a token that is made anew is asked for where the last was refused, once", async () => {
  const asked = []
  const token = async (refused) => {
    asked.push(refused)
    return refused ? "new" : "old"
  }
  fake.instead.push([401, refusal("unauthorized")])
  const found = follow({}, { token })
  await fake.stream()
  assert.deepEqual(fake.calls.map(({ headers }) => headers.Authorization), ["Bearer old", "Bearer new"])
  assert.deepEqual(asked, [false, true])
  found.close()

  fake.instead.push([401, refusal("unauthorized")], [401, refusal("unauthorized")])
  follow({}, { token })
  await until(() => heard.refusals.length)
  assert.equal(heard.refusals[0].code, "unauthorized")
})

test("a token that cannot be had now is asked for again", async () => {
  let times = 0
  const token = () => {
    times += 1
    if (times === 1) throw new Error("my own server is away")
    return TOKEN
  }
  const found = follow({}, { token })
  await fake.stream()
  assert.deepEqual([times, heard.refusals.length], [2, 0])
  found.close()
})

test("who closes hears no more, and the line ends", async () => {
  const found = follow({ after: "E:1" })
  const stream = await fake.stream()
  heard.onEvent = (event) => {
    heard.events.push(event.position)
    found.close()
  }
  stream.event(2)
  stream.event(3)
  await until(() => !stream.open)
  await settled()
  assert.deepEqual(heard.events, ["E:2"])
  assert.equal(fake.streams.length, 1)
  assert.ok(!heard.states.includes("ended"))
})

test("who closes at once asks for nothing", async () => {
  follow({}).close()
  await settled()
  assert.deepEqual([fake.calls.length, heard.states], [0, []])
})

test("faults of the page are told to the browser, and break no line", async () => {
  const told = mock.method(globalThis, "queueMicrotask", (act) => assert.throws(act, /the page's fault/))
  const found = follow({ after: "E:1" })
  heard.onEvent = (event) => {
    heard.events.push(event.position)
    throw new Error("the page's fault")
  }
  const stream = await fake.stream()
  stream.event(2)
  stream.event(3)
  await until(() => heard.events.length === 2)
  assert.equal(told.mock.callCount(), 2)
  told.mock.restore()
  found.close()
})

test("nobody needs to listen", async () => {
  const found = connect({ url: URL_ }).subscribe({ after: "E:1", progress: true })
  const stream = await fake.stream()
  stream.event(2)
  stream.say("progress", { jobs: [{ id: "us_jb_1" }] })
  await until(() => found.position === "E:2")
  found.close()
})

test("a line on which nothing is said is given up", async () => {
  globalThis.setTimeout = real.setTimeout
  mock.timers.enable({ apis: ["setTimeout"] })
  const found = follow({ after: "E:1" })
  const stream = await fake.stream()
  await until(() => heard.states.at(-1) === "live")
  mock.timers.tick(24_000)
  stream.write(": \n\n")
  await settled()
  mock.timers.tick(24_000)
  await settled()
  assert.ok(stream.open)
  mock.timers.tick(2_000)
  await settled()
  assert.ok(!stream.open)
  assert.equal(heard.states.at(-1), "lost")
  mock.timers.tick(100)
  await fake.stream(1)
  found.close()
  mock.timers.reset()
})

test("where the browser says so, a line ends at once, and begins at once", async () => {
  const page = new EventTarget()
  globalThis.addEventListener = page.addEventListener.bind(page)
  globalThis.removeEventListener = page.removeEventListener.bind(page)
  try {
    const found = follow({ after: "E:1" })
    const stream = await fake.stream()
    await until(() => heard.states.at(-1) === "live")
    // From here on a pause lasts until the network is back.
    globalThis.setTimeout = () => 0
    page.dispatchEvent(new Event("offline"))
    await until(() => !stream.open)
    await settled()
    assert.deepEqual([heard.states.at(-1), fake.streams.length], ["lost", 1])
    page.dispatchEvent(new Event("online"))
    await fake.stream(1)
    found.close()
  } finally {
    delete globalThis.addEventListener
    delete globalThis.removeEventListener
  }
})

test("the clock is the server's, as far as its quickest event tells", async () => {
  const client = connect({ url: URL_ })
  const found = client.subscribe({ after: "E:1" }, heard)
  const stream = await fake.stream()
  const say = (seq, at) => stream.write(`id: E:${seq}\ndata: ${JSON.stringify({ position: `E:${seq}`, createdAt: new Date(at) })}\n\n`)
  say(2, Date.now() - 3_600_000)
  await until(() => heard.events.length === 1)
  assert.ok(Math.abs(client.now() - Date.now() + 3_600_000) < 60_000)
  say(3, Date.now() + 7_200_000)
  say(4, Date.now() - 9_000_000)
  await until(() => heard.events.length === 3)
  assert.ok(Math.abs(client.now() - Date.now() - 7_200_000) < 60_000)
  found.close()
})
