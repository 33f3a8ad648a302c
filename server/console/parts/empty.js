// @ts-check
// Where there is nothing yet: what this is for, and how one gets the first one.

import { html } from "../vendor/htm-preact-standalone.js"
import { CodeBlock } from "./copy.js"

/** @param {{ title: string, children?: any }} props */
export const Empty = ({ title, children }) => html`<section class="empty"><h2>${title}</h2>${children}</section>`

/** A listener of ten lines, and how it is started against this server. */
export const LISTENER = `import asyncio
from listener_sdk import Job, Listener, Outcome

listener = Listener()

@listener.job("team:greet", label="Greet the team")
async def greet(job: Job) -> Outcome:
    for step in range(10):
        await asyncio.sleep(1)
        await job.tick((step + 1) * 10, f"Greeting {step + 1} of 10")
    return Outcome("All ten were greeted.")
`

/** @param {string} home code of the space */
export function commands(home) {
  const space = home === "default" ? "" : ` TICKWIRE_API_KEY=tw_... # a key of ${home}`
  return `export TICKWIRE_URL=${location.origin}${space}
tickwire listen hello.py &
tickwire run team:greet
`
}

/** @param {{ help: string, space: string }} props */
export const FirstListener = ({ help, space }) => html`
  <p>${help}</p>
  <${CodeBlock} label="hello.py" text=${LISTENER} />
  <${CodeBlock} label="shell" text=${commands(space)} />
`
