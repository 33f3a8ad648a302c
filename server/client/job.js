// One job as a card, for who may only look. job.d.ts says what it promises.

import { words } from "./tickwire.js"

export * from "./tickwire.js"

Object.assign(words, { attempt: "Attempt", of: "of", since: "Since", running: "Running for", took: "Took" })

const SINCE = {
  __proto__: null,
  executing: "startedAt",
  ready: "readyAt",
  complete: "finishedAt",
  failed: "finishedAt",
  canceled: "finishedAt",
}
const FACTS = ["attempt", "since", "running", "took"]
// What these would call, subscriber tokens may not.
const CALLS = ["retry", "acknowledge"]

// It follows its job as the elements do that stand in it.
const Shown = Object.getPrototypeOf(customElements.get("tickwire-progress"))

function make(tag, part, ...children) {
  const made = document.createElement(tag)
  if (part) made.part = part
  made.append(...children)
  return made
}

const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000))
  const min = Math.floor(s / 60)
  return s < 60 ? `${s} s` : min < 60 ? `${min} min ${s % 60} s` : `${Math.floor(min / 60)} h ${min % 60} min`
}

const moment = (at) => new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })

function onlySeen(job) {
  if (!job.outcome) return job
  const { next, acknowledge, ...outcome } = job.outcome
  return { ...job, outcome: { ...outcome, ...(!CALLS.includes(next?.type) && { next }) } }
}

const onlySeenBy = (client) => ({
  ...client,
  watchJob: (id, show, told) => client.watchJob(id, (job) => show(onlySeen(job)), told),
})

function factsOf(job, now) {
  const { status, attempt, maxAttempts, startedAt, finishedAt, updatedAt } = job
  const since = job[SINCE[status]] ?? updatedAt
  const ran = (until) => startedAt && span(until - Date.parse(startedAt))
  return {
    attempt: attempt && [attempt, ...(maxAttempts ? [words.of, maxAttempts] : [])].join(" "),
    since: since && moment(since),
    running: status === "executing" && ran(now),
    took: finishedAt && ran(Date.parse(finishedAt)),
  }
}

class Card extends Shown {
  static style = `:host{display:block;padding:.75em 1em;border:1px solid color-mix(in srgb,CanvasText 25%,Canvas);border-radius:.5em;background:Canvas;color:CanvasText}
:host([hidden]),[hidden]{display:none!important}
:host([status=failed]){--tickwire:light-dark(#c5221f,#f28b82)}
[part=head],dl{display:flex;flex-wrap:wrap;gap:.2em 1.5em;margin:0}
[part=name]{flex:1;margin:0;font-size:1em;unicode-bidi:isolate;overflow-wrap:anywhere}
[part=status],dl{color:color-mix(in srgb,CanvasText 75%,Canvas)}
dl{margin-top:.5em;font-size:.875em}
dt,dd{display:inline;margin:0}
tickwire-progress{margin-top:.5em}
tickwire-outcome{margin-top:.75em}
:host(:not([status=executing],[lost])) tickwire-progress::part(text){display:none}`

  draw(job, client, root) {
    if (!root.firstChild) root.append(this.#card(client))
    const at = (part) => root.querySelector(`[part="${part}"]`)
    const name = job.label ?? job.job
    put(at("name"), name)
    put(at("status"), words[job.status] ?? job.status)
    at("card").ariaLabel = root.querySelector("tickwire-progress").ariaLabel = name
    const facts = factsOf(job, client.now())
    for (const fact of FACTS) {
      put(at(fact), facts[fact] || "")
      at(fact).parentNode.hidden = !facts[fact]
    }
  }

  #card(client) {
    const status = make("span", "status")
    status.role = "status"
    const facts = FACTS.map((fact) => make("div", "", make("dt", "term", `${words[fact]}:`), " ", make("dd", fact)))
    const card = make(
      "div",
      "card",
      make("div", "head", make("h2", "name"), status),
      this.#shown("tickwire-progress", client, "track, bar, text"),
      make("dl", "facts", ...facts),
      this.#shown("tickwire-outcome", onlySeenBy(client), "heading, message, action, wait, error"),
    )
    card.role = "group"
    return card
  }

  #shown(tag, client, parts) {
    const shown = make(tag)
    shown.client = client
    shown.setAttribute("job", this.getAttribute("job"))
    shown.setAttribute("exportparts", parts)
    return shown
  }
}

customElements.define("tickwire-job", Card)
