// @ts-check
// A field of a form that was written by hand: what it is called, help, and what the server has to say of it.

import { html, useId } from "../vendor/htm-preact-standalone.js"

/**
 * @param {{ label: string, help?: any, error?: { key?: string, message: string, all?: any[] } | null, name?: string, children: (marks: object) => any }} props
 * ``error`` is shown where it is of the field ``name``; ``children`` gets what marks the control for screen readers
 */
export function Labelled({ label, help, error, name, children }) {
  const id = useId()
  const message = errorOf(error, name)
  const about = [help && `${id}-help`, message && `${id}-error`].filter(Boolean).join(" ")
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children({ id, name, "aria-describedby": about || undefined, "aria-invalid": message ? "true" : undefined })}
      ${message && html`<small class="wrong" id=${`${id}-error`}>${message}</small>`}
      ${help && html`<small id=${`${id}-help`}>${help}</small>`}
    </div>
  `
}

/** What was refused of a field. @param {any} error @param {string} [name] @returns {string | undefined} */
export function errorOf(error, name) {
  if (!name) return undefined
  return error?.all?.find((/** @type {any} */ one) => one.key === name || one.key?.startsWith(`${name}.`) || one.key?.startsWith(`${name}[`))?.message
}

/** Whether no field shows it. @param {any} error @param {string[]} names */
export const isElsewhere = (error, names) => error && !names.some((name) => errorOf(error, name))
