// @ts-check
// A list as a file: all of it that fits the filters, not what is shown alone.

import { download } from "../downloads.js"
import { session } from "../session.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { told } from "./trouble.js"

/**
 * ``what`` is the list, in ``/v1/<what>/export`` and in the name of the file.
 * @param {{ what: string, wanted: Record<string, string | null>, form: "csv" | "jsonl", title?: string, children: any }} props
 */
export function Export({ what, wanted, form, title, children }) {
  const [busy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    try {
      await download(`/v1/${what}/export`, { format: form, ...wanted }, `${what}-${session.value?.space}.${form}`)
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
    setBusy(false)
  }
  return html`<button type="button" title=${title} disabled=${busy} onClick=${press}>${children}</button>`
}
