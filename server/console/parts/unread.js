// @ts-check
// How much is unread in the inbox of whoever looks on.

import { useReading } from "../reading.js"
import { inbox as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

const MOST = 99

export function Unread() {
  const { beside } = useReading("/v1/notifications", { pageSize: 1, unread: true }, { topics: ["notification:*"] })
  const { unread = 0 } = beside
  if (!unread) return null
  return html`<span class="badge"><span aria-hidden="true">${unread > MOST ? `${MOST}+` : unread}</span><span class="unseen">${say.unread(unread)}</span></span>`
}
