// @ts-check
// A question before something that cannot be taken back: it names the object and the consequence, and the way out has the focus.

import { confirm as say } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { Trouble } from "./trouble.js"

/**
 * @param {{ title: string, button: string, close: () => void, act: () => Promise<unknown>, dangerous?: boolean, ready?: boolean, children?: any }} props
 * ``act`` is done when the button is pressed, which it can be when all is ``ready``; the question closes when it has succeeded
 */
export function Confirm({ title, button, close, act, dangerous = false, ready = true, children }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  const press = async () => {
    setBusy(true)
    setError(null)
    try {
      await act()
      close()
    } catch (refused) {
      setError(/** @type {Error} */ (refused))
      setBusy(false)
    }
  }
  return html`
    <${Dialog} title=${title} close=${close}>
      ${children}
      <${Trouble} error=${error} />
      <footer>
        <button type="button" autofocus onClick=${close}>${say.cancel}</button>
        <button type="button" class=${dangerous ? "danger" : "primary"} disabled=${busy || !ready} onClick=${press}>${button}</button>
      </footer>
    <//>
  `
}
