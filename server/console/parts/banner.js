// @ts-check
// An honest word when what is shown is not what is.

import { clock } from "../format.js"
import { line } from "../live.js"
import { useCell } from "../store.js"
import { banner } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { Icon } from "../icons.js"

/** Lines break for a moment when servers are renewed, which nobody needs to know. */
const PATIENCE_MS = 1_500

/** Whether what is shown is not what is. */
export function useLost() {
  const { state } = useCell(line)
  const [late, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    const timer = state === "lost" ? setTimeout(() => setLate(true), PATIENCE_MS) : undefined
    return () => clearTimeout(timer)
  }, [state])
  return state === "refused" || (state === "lost" && late)
}

export function Banner() {
  const { state, since } = useCell(line)
  const text = useLost() ? (state === "refused" ? banner.refused : banner.lost(clock(since, { seconds: true }))) : ""
  return html`<div class="banner" role="status">${text && html`<p><${Icon} name="warning" />${text}</p>`}</div>`
}
