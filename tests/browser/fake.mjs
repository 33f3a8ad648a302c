// A server that answers `fetch`: jobs as they are set, and streams that the test writes. Time passes as the test says.

const { Messages, Refusal, connect, words } = await import(process.env.TICKWIRE_CLIENT)
export { Messages, Refusal, connect, words }

export const URL_ = "https://jobs.example.com"
export const TOKEN = "a-token"

export class Fake {
  calls = []
  streams = []
  jobs = {}
  /** What is answered instead, once each: [status, body, headers], or an Error. */
  instead = []

  constructor() {
    globalThis.fetch = (address, how) => this.#answer(new URL(address), how)
  }

  get paths() {
    return this.calls.map(({ url }) => url.pathname)
  }

  async #answer(url, how) {
    this.calls.push({ url, ...how })
    await null
    const other = this.instead.shift()
    if (other instanceof Error) throw other
    if (other) return new Response(JSON.stringify(other[1]), { status: other[0], headers: other[2] })
    if (url.pathname === "/v1/events/stream") return this.#stream(url, how.signal)
    const job = this.jobs[url.pathname.split("/")[3]]
    if (!job) return new Response(JSON.stringify(refusal("not_found")), { status: 404 })
    return new Response(JSON.stringify(await job()))
  }

  #stream(url, signal) {
    const stream = new Stream(Object.fromEntries(url.searchParams))
    this.streams.push(stream)
    const body = new ReadableStream({
      start: (controller) => {
        stream.controller = controller
        signal.addEventListener("abort", () => stream.break())
      },
    })
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } })
  }

  /** The stream of this number, once it is there and has begun. */
  async stream(number = 0) {
    const found = await until(() => this.streams[number])
    found.begin()
    return found
  }
}

class Stream {
  open = true

  constructor(asked) {
    this.asked = asked
    this.filter = asked.filter && JSON.parse(asked.filter)
  }

  write(text) {
    this.controller.enqueue(new TextEncoder().encode(text))
  }

  begin() {
    if (this.begun) return
    this.begun = true
    this.say("position", { position: this.asked.after }, this.asked.after)
  }

  say(name, data, id) {
    this.write(`event: ${name}\n${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`)
  }

  event(seq, topic = "job:updated", payload = {}, job = "us_jb_1") {
    const position = `E:${seq}`
    const found = { position, topic, payload, context: { jobId: job }, createdAt: new Date().toISOString() }
    this.write(`id: ${position}\ndata: ${JSON.stringify(found)}\n\n`)
    return found
  }

  end() {
    this.open = false
    this.controller.close()
  }

  break() {
    if (!this.open) return
    this.open = false
    this.controller.error(new DOMException("The answer broke off.", "AbortError"))
  }
}

export const refusal = (code, more) => ({ errors: [{ code, message: `This is ${code}.`, ...more }] })

/** A job as it is read, at a position of the log. */
export const job = (seq, facts) => () => ({
  data: { id: "us_jb_1", job: "a:b", status: "executing", attempt: 1, ...facts },
  asOf: `E:${seq}`,
})

/** Pauses take no time, and how long they would have taken is kept. The silence after which a line is given up stays as it is. */
export function quick() {
  const pauses = []
  const real = globalThis.setTimeout
  globalThis.setTimeout = (act, ms, ...rest) => {
    if (ms === 25_000) return real(act, ms, ...rest).unref()
    if (ms !== 20) pauses.push(ms)
    return real(act, 0, ...rest)
  }
  Math.random = () => 0.5
  return pauses
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

export async function until(test) {
  for (let turns = 0; turns < 10_000; turns++) {
    const found = await test()
    if (found) return found
    await turn()
  }
  throw new Error(`never: ${test}`)
}

/** All that could happen by now has happened. */
export async function settled() {
  for (let turns = 0; turns < 50; turns++) await turn()
}

/** Everything that a subscriber is told. */
export class Heard {
  events = []
  ticks = []
  states = []
  refusals = []
  onEvent = (event) => this.events.push(event.position)
  onProgress = (tick) => this.ticks.push(tick)
  onState = (state) => this.states.push(state)
  onError = (error) => this.refusals.push(error)
}
