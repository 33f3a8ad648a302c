// @ts-check
// How a program follows what is shown: copied, with this server's address.

import { events as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { CodeBlock } from "./copy.js"
import { Dialog } from "./dialog.js"

/** @typedef {{ topics: string[], filter: Record<string, unknown> | null, after: string }} Followed */

const shell = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`
const python = (/** @type {unknown} */ value) => JSON.stringify(value)

/** @type {Record<string, (wanted: Followed) => string>} */
export const SNIPPETS = {
  curl({ topics, filter, after }) {
    const query = [`topics=${topics.join()}`, `after=${after}`, ...(filter ? [`filter=${encodeURIComponent(JSON.stringify(filter))}`] : [])].join("&")
    return `curl -N -H "Authorization: Bearer $TICKWIRE_API_KEY" \\\n  ${shell(`${location.origin}/v1/events/stream?${query}`)}\n`
  },
  cli({ topics, filter, after }) {
    const where = filter ? ` \\\n  --where ${shell(JSON.stringify(filter))}` : ""
    return `export TICKWIRE_URL=${location.origin}\ntickwire events tail ${topics.map(shell).join(" ")} --after ${after}${where}\n`
  },
  python({ topics, filter, after }) {
    const given = [...topics.map(python), ...(filter ? [`where=${python(filter)}`] : []), `after=${python(after)}`].join(", ")
    return `import asyncio

from listener_sdk import Client


async def main():
    async with Client() as client:
        async for event in client.subscribe(${given}):
            print(event.position, event.topic, event.payload)


asyncio.run(main())
`
  },
  listener({ topics, filter }) {
    const where = filter ? `, where=${python(filter)}` : ""
    return `from listener_sdk import Listener

listener = Listener()


@listener.on(${topics.map(python).join(", ")}${where})
async def hear(event):
    print(event.topic, event.payload)
`
  },
  browser({ topics, filter, after }) {
    const wanted = { topics, ...(filter && { filter }), after }
    return `import { connect } from "${location.origin}/client/tickwire.js"

const client = connect({ token: "tws_..." })
client.subscribe(${JSON.stringify(wanted)}, {
  onEvent: (event) => console.log(event.position, event.topic, event.payload),
})
`
  },
}

/** @param {{ wanted: Followed, close: () => void }} props */
export function Snippets({ wanted, close }) {
  const [shown, setShown] = useState("curl")
  return html`
    <${Dialog} title=${say.snippets} close=${close} wide=${true}>
      <p class="soft">${say.snippetsHelp}</p>
      <fieldset class="segments">
        <legend class="unseen">${say.language}</legend>
        ${Object.keys(SNIPPETS).map(
          (name) => html`<label key=${name}><input type="radio" name="snippet" checked=${name === shown} onChange=${() => setShown(name)} /><span>${say.languages[name]}</span></label>`,
        )}
      </fieldset>
      <${CodeBlock} label=${say.languages[shown]} text=${SNIPPETS[shown](wanted)} />
    <//>
  `
}
