// @ts-check
// One event by its address.

import { EventFacts } from "../parts/eventfacts.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Snippets } from "../parts/snippets.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { events as say, views } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @param {{ id: string }} props */
export default function Event({ id }) {
  const { data, error, again } = useReading(`/v1/events/${id}`)
  const [snippets, setSnippets] = useState(false)
  return html`
    <nav class="crumbs" aria-label=${say.crumbs}><a href=${address("/events")}>${views.events}</a></nav>
    <${Heading} title=${data?.topic ?? say.event}>
      ${data && html`<button type="button" class="aside" onClick=${() => setSnippets(true)}>${say.fromHere}</button>`}
    <//>
    <${Trouble} error=${error} again=${again} />
    ${!data && !error && html`<${Skeleton} />`}
    ${data && html`<${EventFacts} event=${data} linked=${false} />`}
    ${snippets && html`<${Snippets} wanted=${{ topics: [data.topic], filter: null, after: data.position }} close=${() => setSnippets(false)} />`}
  `
}
