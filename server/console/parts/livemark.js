// @ts-check
// Whether a list is live, beside its heading, and the button that stops it for a while.

import { Icon } from "../icons.js"
import { jobs as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { useLost } from "./banner.js"

/** @param {{ paused: boolean, turn: () => void }} props */
export function LiveMark({ paused, turn }) {
  const isLost = useLost()
  const word = paused ? say.paused : isLost ? say.notLive : say.live
  return html`
    <span class="live" data-paused=${paused || isLost ? "" : undefined} role="status">${word}</span>
    <button type="button" class="quiet" aria-pressed=${paused} onClick=${turn}><${Icon} name=${paused ? "play" : "pause"} />${paused ? say.resume : say.pause}</button>
  `
}
