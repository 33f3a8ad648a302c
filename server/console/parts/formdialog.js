// @ts-check
// A form of fields in a dialog: what the server refuses stands at its field, and the dialog stays open.

import { forms as say } from "../strings.js"
import { html, useEffect, useLayoutEffect, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { Fields, useForm, useSending } from "./form.js"
import { Troubles } from "./trouble.js"

/** @typedef {import("../schema.js").Field} Field */

/**
 * @param {{ title: string, button: string, fields: (values: any) => Field[], given?: any, within?: string, wide?: boolean, close: () => void,
 * save: (values: any) => Promise<unknown>, children?: any }} props ``fields`` are those that what is filled in leaves to be asked; ``save``
 * gets their values alone, and closes; ``within`` see useForm
 */
export function FormDialog({ title, button, fields, given = {}, within, wide = false, close, save, children }) {
  const [seen, setSeen] = useState(given)
  const shown = fields(seen)
  const form = useForm(shown, given)
  const send = () => save(Object.fromEntries(shown.map(({ name }) => [name, form.values[name]])))
  const { others, busy, submit } = useSending(form, send, within)
  useEffect(() => setSeen(form.values), [form.values])
  useLayoutEffect(() => {
    const first = form.ref.current?.querySelector("input, select, textarea")
    if (first instanceof HTMLElement) first.focus()
  }, [])
  return html`
    <${Dialog} title=${title} close=${close} wide=${wide}>
      ${children}
      <form class="form" novalidate ref=${form.ref} onSubmit=${submit}>
        <${Troubles} errors=${others} />
        <${Fields} fields=${shown} values=${form.values} change=${form.change} problems=${form.problems} />
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button class="primary" disabled=${busy}>${button}</button>
        </footer>
      </form>
    <//>
  `
}
